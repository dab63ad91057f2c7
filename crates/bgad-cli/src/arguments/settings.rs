//! Settings on the command line: flags for the common ones, `--set` for all.

use std::collections::BTreeSet;
use std::marker::PhantomData;

use bgad::{Setting, TrainerConfig};
use clap::error::ErrorKind;
use clap::{Arg, ArgAction, ArgGroup, ArgMatches, Args, Command, FromArgMatches, Id};

use crate::failure::Failure;

/// A setting with its own flag.
pub struct Flag {
    pub name: &'static str,
    pub setting: &'static str,
    pub value: &'static str,
    /// Its value in this command, if no preset has it.
    pub default: Option<&'static str>,
    /// Whether this command starts from the paper preset instead of the default one.
    pub is_of_paper: bool,
}

impl Flag {
    pub const fn new(name: &'static str, setting: &'static str, value: &'static str) -> Self {
        Self {
            name,
            setting,
            value,
            default: None,
            is_of_paper: false,
        }
    }

    pub const fn of_paper(mut self) -> Self {
        self.is_of_paper = true;
        self
    }

    pub const fn or_else(mut self, default: &'static str) -> Self {
        self.default = Some(default);
        self
    }
}

/// The flags of a command.
pub trait Flags {
    const FLAGS: &'static [Flag];
}

/// No flags except `--set`.
#[derive(Debug)]
pub struct NoFlags;

impl Flags for NoFlags {
    const FLAGS: &'static [Flag] = &[];
}

/// The settings given on the command line, by name.
#[derive(Debug)]
pub struct SettingArguments<F> {
    pub given: Vec<(String, String)>,
    flags: PhantomData<F>,
}

/// The group's name, by which other arguments can exclude all settings.
const GROUP: &str = "SettingArguments";
const SET: &str = "set";

impl<F> SettingArguments<F> {
    /// Overrides `config` with the settings given.
    pub fn apply(&self, config: &mut TrainerConfig) -> Result<(), Failure> {
        for (name, value) in &self.given {
            config.set(name, value)?;
        }
        Ok(())
    }

    /// Whether a setting was given.
    pub fn has(&self, name: &str) -> bool {
        self.given.iter().any(|(given, _)| given == name)
    }
}

impl<F: Flags> Args for SettingArguments<F> {
    fn group_id() -> Option<Id> {
        Some(GROUP.into())
    }

    fn augment_args(mut command: Command) -> Command {
        let mut group = ArgGroup::new(GROUP).multiple(true).arg(SET);
        for flag in F::FLAGS {
            group = group.arg(flag.name);
            command = command.arg(
                Arg::new(flag.name)
                    .long(flag.name)
                    .value_name(flag.value)
                    .help(help(flag))
                    .value_parser(|text: &str| tried(flag.setting, text)),
            );
        }
        let set = Arg::new(SET)
            .long(SET)
            .value_name("NAME=VALUE")
            .action(ArgAction::Append)
            .help("Any setting, for example scoring.image_score=top:0.02; repeat --set for more")
            .value_parser(|text: &str| {
                let (name, value) = text.split_once('=').ok_or("expected NAME=VALUE")?;
                tried(name.trim(), value.trim())
            });
        command.arg(set).group(group)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl<F: Flags> FromArgMatches for SettingArguments<F> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let names = F::FLAGS.iter().map(|flag| flag.name).chain([SET]);
        let given = names.filter_map(|name| matches.get_many::<(String, String)>(name));
        let given: Vec<_> = given.flatten().cloned().collect();
        let mut names = BTreeSet::new();
        match given.iter().find(|(name, _)| !names.insert(name)) {
            Some((name, _)) => Err(clap::Error::raw(
                ErrorKind::ArgumentConflict,
                format!("setting `{name}` is given twice"),
            )),
            None => Ok(Self {
                given,
                flags: PhantomData,
            }),
        }
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// Checks that the setting's type accepts the value.
fn tried(name: &str, value: &str) -> Result<(String, String), String> {
    let set = TrainerConfig::default().set(name, value);
    set.map_err(|error| error.to_string())?;
    Ok((name.to_owned(), value.to_owned()))
}

/// A setting's line in `--help`; `bgad settings` shows the details.
fn help(flag: &Flag) -> String {
    let Some(setting) = Setting::named(flag.setting) else {
        return String::new();
    };
    let end = [". ", "; ", ": "]
        .iter()
        .filter_map(|end| setting.help.find(end))
        .min();
    let short = setting.help[..end.unwrap_or(setting.help.len())].trim_end_matches('.');
    let preset = match flag.is_of_paper {
        true => &setting.paper,
        false => &setting.default,
    };
    let default = match flag.default.unwrap_or(preset) {
        "none" => String::new(),
        default => format!(" [default: {default}]"),
    };
    // Show the choices if they are short enough.
    let allowed = match setting.allowed.starts_with('`') && setting.allowed.len() < 60 {
        true => format!(" [{}]", setting.allowed.replace('`', "")),
        false => String::new(),
    };
    format!("{short}{allowed}{default}")
}
