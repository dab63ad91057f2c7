//! Wording of messages.

/// `1 file`, `2 files`.
pub(crate) fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// A name as it is typed in a shell.
pub(crate) fn typed(name: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "._-/+".contains(c);
    match name.chars().all(is_plain) && !name.starts_with('-') {
        true => name.to_owned(),
        false => format!("'{}'", name.replace('\'', r"'\''")),
    }
}
