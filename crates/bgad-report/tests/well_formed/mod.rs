//! A strict parser for the HTML and SVG of reports.

/// HTML elements without an end tag.
const VOID: [&str; 3] = ["meta", "img", "br"];

/// Checks that every element is closed in order, every attribute is quoted, every `&` begins a reference, and
/// `<` appears only in tags.
#[track_caller]
pub fn assert_well_formed(text: &str) {
    let mut open: Vec<String> = Vec::new();
    let mut rest = text.strip_prefix("<!DOCTYPE html>").unwrap_or(text);
    while let Some(start) = rest.find('<') {
        assert_references(&rest[..start]);
        let (tag, after) = split_tag(&rest[start + 1..]);
        rest = after;
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(name), "end tag out of order");
            continue;
        }
        let (tag, closed) = match tag.strip_suffix('/') {
            Some(tag) => (tag, true),
            None => (tag, false),
        };
        let name = tag.split_whitespace().next().unwrap();
        assert!(
            name.chars().all(|c| c.is_ascii_alphanumeric()),
            "tag {name:?}"
        );
        assert_attributes(tag[name.len()..].trim());
        if closed || VOID.contains(&name) {
            continue;
        }
        if name == "script" || name == "style" {
            // Their content is not markup.
            let end = rest.find(&format!("</{name}>")).unwrap();
            rest = &rest[end + name.len() + 3..];
        } else {
            open.push(name.to_owned());
        }
    }
    assert_references(rest);
    assert!(open.is_empty(), "not closed: {open:?}");
}

/// Splits at the `>` that is not in quotes.
fn split_tag(text: &str) -> (&str, &str) {
    let mut quoted = false;
    for (index, c) in text.char_indices() {
        match c {
            '"' => quoted = !quoted,
            '>' if !quoted => return (&text[..index], &text[index + 1..]),
            '<' => panic!("`<` inside of a tag: {}", &text[..index]),
            _ => {}
        }
    }
    panic!("a tag does not end");
}

fn assert_attributes(mut text: &str) {
    while !text.is_empty() {
        let end = text.find(['=', ' ']).unwrap_or(text.len());
        let name = &text[..end];
        assert!(
            !name.is_empty() && !name.contains('"'),
            "attribute {name:?}"
        );
        text = text[end..].trim_start();
        if let Some(value) = text.strip_prefix("=\"") {
            let end = value.find('"').unwrap();
            assert_references(&value[..end]);
            text = value[end + 1..].trim_start();
        }
    }
}

fn assert_references(text: &str) {
    for (index, _) in text.match_indices('&') {
        let end = text[index..]
            .find(';')
            .map(|end| &text[index + 1..index + end]);
        let known = ["amp", "lt", "gt", "quot", "#39", "nbsp"];
        assert!(
            end.is_some_and(|name| known.contains(&name)),
            "{}",
            &text[index..]
        );
    }
}
