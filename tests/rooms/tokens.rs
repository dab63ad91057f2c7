//! Rust's tokens as far as imports need them: without comments, literals and test-only code.

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Token {
    /// A name, or a keyword.
    Name(String),
    /// `::`.
    Path,
    /// Any other character.
    Other(char),
}

impl Token {
    pub fn is(&self, text: &str) -> bool {
        match self {
            Self::Name(name) => name == text,
            Self::Path => text == "::",
            Self::Other(character) => text.chars().eq([*character]),
        }
    }
}

/// The tokens of a file, except items for tests, `#[cfg(test)]` or `#[cfg(all(test, ...))]`.
pub fn tokens(text: &str) -> Vec<Token> {
    without_tests(&all(text))
}

fn all(text: &str) -> Vec<Token> {
    let text: Vec<char> = text.chars().collect();
    let at = |index: usize| text.get(index).copied().unwrap_or('\0');
    let mut tokens = Vec::new();
    let mut i = 0;
    while i < text.len() {
        let start = i;
        match at(i) {
            '/' if at(i + 1) == '/' => {
                while i < text.len() && at(i) != '\n' {
                    i += 1;
                }
            }
            '/' if at(i + 1) == '*' => {
                let mut depth = 0;
                loop {
                    match (at(i), at(i + 1)) {
                        ('/', '*') => (depth, i) = (depth + 1, i + 2),
                        ('*', '/') => (depth, i) = (depth - 1, i + 2),
                        _ => i += 1,
                    }
                    if depth == 0 || i >= text.len() {
                        break;
                    }
                }
            }
            '"' => i = after_string(&text, i + 1),
            '\'' => {
                // A lifetime has no second quote.
                i = match (at(i + 1), at(i + 2)) {
                    ('\\', _) => after_quote(&text, i + 3),
                    (_, '\'') => i + 3,
                    _ => i + 1,
                };
            }
            c if c.is_alphanumeric() || c == '_' => {
                while at(i).is_alphanumeric() || at(i) == '_' {
                    i += 1;
                }
                let name: String = text[start..i].iter().collect();
                let hashes = text[i..].iter().take_while(|c| **c == '#').count();
                let is_raw = matches!(name.as_str(), "r" | "br" | "cr");
                match at(i + hashes) {
                    '"' if is_raw => i = after_raw(&text, i + hashes + 1, hashes),
                    '"' if matches!(name.as_str(), "b" | "c") => i = after_string(&text, i + 1),
                    _ => tokens.push(Token::Name(name)),
                }
            }
            ':' if at(i + 1) == ':' => {
                tokens.push(Token::Path);
                i += 2;
            }
            c => {
                if !c.is_whitespace() {
                    tokens.push(Token::Other(c));
                }
                i += 1;
            }
        }
    }
    tokens
}

fn after_string(text: &[char], mut i: usize) -> usize {
    while i < text.len() && text[i] != '"' {
        i += if text[i] == '\\' { 2 } else { 1 };
    }
    i + 1
}

fn after_quote(text: &[char], mut i: usize) -> usize {
    while i < text.len() && text[i] != '\'' {
        i += 1;
    }
    i + 1
}

fn after_raw(text: &[char], mut i: usize, hashes: usize) -> usize {
    let end: Vec<char> = std::iter::once('"')
        .chain(std::iter::repeat_n('#', hashes))
        .collect();
    while i < text.len() && !text[i..].starts_with(&end) {
        i += 1;
    }
    i + end.len()
}

fn without_tests(tokens: &[Token]) -> Vec<Token> {
    let mut kept = Vec::new();
    let mut i = 0;
    while i < tokens.len() {
        let starts_with = |start: &[&str]| {
            let mut start = start.iter().enumerate();
            start.all(|(offset, text)| tokens.get(i + offset).is_some_and(|token| token.is(text)))
        };
        if starts_with(&["#", "[", "cfg", "(", "test", ")"])
            || starts_with(&["#", "[", "cfg", "(", "all", "(", "test", ","])
        {
            let attribute = tokens[i..].iter().position(|token| token.is("]"));
            i = after_item(tokens, i + attribute.unwrap_or(0) + 1);
        } else {
            kept.push(tokens[i].clone());
            i += 1;
        }
    }
    kept
}

/// Where the item that begins at `i` ends: after its braces or its semicolon.
fn after_item(tokens: &[Token], mut i: usize) -> usize {
    let mut depth = 0;
    while i < tokens.len() {
        match &tokens[i] {
            Token::Other('{' | '(' | '[') => depth += 1,
            Token::Other(closing @ ('}' | ')' | ']')) => {
                depth -= 1;
                if depth == 0 && *closing == '}' {
                    return i + 1;
                }
            }
            Token::Other(';') if depth == 0 => return i + 1,
            _ => {}
        }
        i += 1;
    }
    i
}
