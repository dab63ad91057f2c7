//! `bgad settings`.

use bgad::Setting;
use clap::Args;

use crate::failure::Failure;
use crate::output;

#[derive(Debug, Args)]
pub struct SettingsArguments {
    /// Show only settings whose name contains this text, such as `scoring`.
    #[arg(value_name = "PART")]
    pub part: Option<String>,
    /// Write only JSON to standard output, one object per setting.
    #[arg(long)]
    pub json: bool,
}

/// Lists settings with help, allowed values and the presets' values.
pub fn run(arguments: &SettingsArguments) -> Result<(), Failure> {
    let part = arguments.part.as_deref().unwrap_or_default();
    let settings = Setting::all().into_iter();
    let settings: Vec<_> = settings.filter(|s| s.name.contains(part)).collect();
    if settings.is_empty() {
        return Err(Failure::Missing(format!(
            "no setting has `{part}` in its name; `bgad settings` lists all"
        )));
    }
    if arguments.json {
        let mut lines = settings
            .iter()
            .map(|setting| output::json(&serde_json::json!(setting)));
        return lines.try_for_each(|line| line);
    }
    let widest = |of: fn(&Setting) -> &str| settings.iter().map(|s| of(s).len()).max();
    let name = widest(|s| s.name).unwrap_or(0).max("SETTING".len());
    let value = widest(|s| &s.default).unwrap_or(0).max("DEFAULT".len());
    output::line(&format!(
        "{:<name$}  {:<value$}  PAPER",
        "SETTING", "DEFAULT"
    ))?;
    for setting in &settings {
        let Setting { default, paper, .. } = setting;
        output::line(&format!(
            "{:<name$}  {default:<value$}  {paper}",
            setting.name
        ))?;
        for line in wrapped(&setting.help).chain(wrapped(&format!("allowed: {}", setting.allowed)))
        {
            output::line(&format!("    {line}"))?;
        }
    }
    Ok(())
}

/// Wraps text at 90 characters; longer words stay whole.
fn wrapped(text: &str) -> impl Iterator<Item = String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if line.len() + word.len() < 90 => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines.into_iter()
}
