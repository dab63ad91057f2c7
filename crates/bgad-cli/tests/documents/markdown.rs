//! The parts of a Markdown file that are checked: command blocks, and code in running text.

use std::path::Path;

/// The languages of blocks of commands.
const SHELL: [&str; 3] = ["console", "sh", "bash"];
/// Placeholders in commands, and the values that replace them.
const PLACEHOLDERS: [(&str, &str); 6] = [
    ("LAYOUT", "mvtec"),
    ("DIR", "tile"),
    ("DATA", "."),
    ("FILE", "weights.safetensors"),
    ("SEED", "0"),
    ("N", "1"),
];

pub struct Document {
    /// The path from the repository's root.
    pub name: String,
    pub text: String,
    /// Command blocks, unchanged except that placeholders are filled in.
    pub blocks: Vec<String>,
    /// Code in running text, and in tables.
    pub spans: Vec<String>,
}

/// README and all of docs.
pub fn read_all(root: &Path) -> Vec<Document> {
    let mut names = vec!["README.md".to_owned()];
    for entry in std::fs::read_dir(root.join("docs")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if name.ends_with(".md") {
            names.push(format!("docs/{name}"));
        }
    }
    names.sort();
    let read = |name: &String| {
        let text = std::fs::read_to_string(root.join(name)).unwrap();
        Document::parse(name, &text)
    };
    names.iter().map(read).collect()
}

impl Document {
    pub fn parse(name: &str, text: &str) -> Self {
        let (mut blocks, mut spans) = (Vec::new(), Vec::new());
        let mut fence: Option<(bool, String)> = None;
        let mut indented = String::new();
        for line in text.lines().chain([""]) {
            if let Some((is_shell, block)) = &mut fence {
                if line.trim_start().starts_with("```") {
                    assert!(
                        *is_shell
                            || !block.lines().any(
                                |line| line.starts_with("bgad ") && !line.starts_with("bgad =")
                            ),
                        "{name}: mark this as `console` or `sh`:\n{block}"
                    );
                    if *is_shell {
                        blocks.push(fill_in(block));
                    }
                    fence = None;
                } else {
                    block.push_str(line);
                    block.push('\n');
                }
            } else if let Some(language) = line.trim_start().strip_prefix("```") {
                fence = Some((SHELL.contains(&language.trim()), String::new()));
            } else if let Some(code) = line.strip_prefix("    ") {
                indented.push_str(code);
                indented.push('\n');
            } else {
                if ["bgad ", "cargo "].iter().any(|p| indented.starts_with(p)) {
                    blocks.push(fill_in(&indented));
                }
                indented.clear();
                spans.extend(line.split('`').skip(1).step_by(2).map(str::to_owned));
            }
        }
        assert!(fence.is_none(), "{name}: a block is not closed");
        Self {
            name: name.to_owned(),
            text: text.to_owned(),
            blocks,
            spans,
        }
    }

    /// The commands of all blocks, one per line; pipes and loops are split.
    pub fn commands(&self) -> impl Iterator<Item = String> + '_ {
        let lines = self.blocks.iter().flat_map(|block| {
            let joined = block.replace("\\\n", " ");
            let lines = joined.lines().map(str::to_owned).collect::<Vec<_>>();
            lines.into_iter().filter(|line| !line.starts_with('#'))
        });
        lines.flat_map(|line| {
            let parts = line.split(['|', ';', '&']);
            let parts = parts.map(|part| part.trim().trim_start_matches("do ").to_owned());
            parts.filter(|part| !part.is_empty()).collect::<Vec<_>>()
        })
    }
}

fn fill_in(block: &str) -> String {
    let words = block.split(' ').map(|word| {
        let (bare, end) = match word.strip_suffix('\n') {
            Some(bare) => (bare, "\n"),
            None => (word, ""),
        };
        let known = PLACEHOLDERS.iter().find(|(name, _)| *name == bare);
        format!("{}{end}", known.map_or(bare, |(_, value)| value))
    });
    words.collect::<Vec<_>>().join(" ")
}
