//! The modules in a file: which it uses, which it contains, and what it defines.

use std::collections::BTreeSet;

use crate::tokens::{Token, tokens};

/// A name that a `use` brings in, or a path in code.
#[derive(Debug, Clone)]
pub struct Use {
    /// The inline module that contains it, relative to the file's own.
    pub inline: Vec<String>,
    pub path: Vec<String>,
    /// The name it gets; `None` for a path in code.
    pub name: Option<String>,
    /// Whether others may import it from here.
    pub public: bool,
}

/// A file's content.
#[derive(Debug, Default)]
pub struct File {
    pub uses: Vec<Use>,
    /// Names of its items.
    pub items: BTreeSet<String>,
    /// Paths of its inline modules.
    pub inline: Vec<Vec<String>>,
}

impl File {
    pub fn parse(text: &str) -> Self {
        let tokens = tokens(text);
        let mut file = Self::default();
        // Open braces, with the name of the module that one opens.
        let mut open: Vec<Option<String>> = Vec::new();
        let mut i = 0;
        while i < tokens.len() {
            let inline: Vec<String> = open.iter().flatten().cloned().collect();
            match &tokens[i] {
                Token::Other('{') => open.push(None),
                Token::Other('}') => {
                    open.pop();
                }
                Token::Name(word) if word == "use" => {
                    let public = i > 0 && (tokens[i - 1].is("pub") || tokens[i - 1].is(")"));
                    let mut leaves = Vec::new();
                    i = tree(&tokens, i + 1, &[], &mut leaves);
                    file.uses.extend(leaves.into_iter().map(|(path, name)| Use {
                        inline: inline.clone(),
                        path,
                        name: Some(name),
                        public,
                    }));
                    continue;
                }
                Token::Name(word) if is_item(word) => {
                    if let Some(Token::Name(name)) = tokens.get(i + 1) {
                        file.items.insert(name.clone());
                        if word == "mod" && tokens.get(i + 2).is_some_and(|t| t.is("{")) {
                            open.push(Some(name.clone()));
                            let path = open.iter().flatten().cloned().collect();
                            file.inline.push(path);
                            i += 3;
                            continue;
                        }
                    }
                }
                Token::Name(_) if tokens.get(i + 1) == Some(&Token::Path) => {
                    let is_inner = i > 0 && tokens[i - 1] == Token::Path;
                    let mut path = Vec::new();
                    while let Some(Token::Name(name)) = tokens.get(i) {
                        path.push(name.clone());
                        i += 1;
                        if tokens.get(i) != Some(&Token::Path) {
                            break;
                        }
                        i += 1;
                    }
                    if !is_inner {
                        file.uses.push(Use {
                            inline,
                            path,
                            name: None,
                            public: false,
                        });
                    }
                    continue;
                }
                _ => {}
            }
            i += 1;
        }
        file
    }
}

fn is_item(word: &str) -> bool {
    let items = [
        "mod", "struct", "enum", "trait", "fn", "type", "const", "static", "union",
    ];
    items.contains(&word)
}

/// The leaves of a `use` from token `i` onward, each with its name; and where the tree ends.
fn tree(
    tokens: &[Token],
    mut i: usize,
    prefix: &[String],
    leaves: &mut Vec<(Vec<String>, String)>,
) -> usize {
    let mut path = prefix.to_vec();
    loop {
        match tokens.get(i) {
            Some(Token::Name(word)) if word == "as" => {
                if let (Some(Token::Name(name)), Some(leaf)) =
                    (tokens.get(i + 1), leaves.last_mut())
                {
                    leaf.1.clone_from(name);
                }
                i += 1;
            }
            Some(Token::Name(word)) => {
                if word != "self" || path.is_empty() {
                    path.push(word.clone());
                }
                if tokens.get(i + 1) != Some(&Token::Path) {
                    leaves.push((path.clone(), path.last().cloned().unwrap_or_default()));
                }
            }
            Some(Token::Other('*')) => leaves.push((path.clone(), "*".to_owned())),
            Some(Token::Other('{')) => {
                i += 1;
                while tokens.get(i).is_some_and(|token| !token.is("}")) {
                    i = tree(tokens, i, &path, leaves);
                    if tokens.get(i).is_some_and(|token| token.is(",")) {
                        i += 1;
                    }
                }
            }
            Some(Token::Other(',' | ';' | '}')) | None => return i,
            _ => {}
        }
        i += 1;
    }
}
