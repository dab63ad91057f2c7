//! Links between the documents, and from documents to files.

use std::path::Path;

use crate::markdown::Document;

/// Checks that all links within the repository resolve; returns their number.
pub fn check(document: &Document, root: &Path) -> usize {
    let place = root.join(&document.name);
    let mut count = 0;
    let written = document.text.split("](").skip(1);
    let written = written.filter_map(|rest| rest.split(')').next());
    let pictures = document.text.split("src=\"").skip(1);
    let pictures = pictures.filter_map(|rest| rest.split('"').next());
    for link in written.chain(pictures) {
        if link.contains("://") || link.contains(' ') {
            continue;
        }
        let (file, heading) = link.split_once('#').unwrap_or((link, ""));
        let target = match file {
            "" => place.clone(),
            file => place.parent().unwrap().join(file),
        };
        assert!(target.exists(), "{}: nothing at {link}", document.name);
        if !heading.is_empty() {
            let text = std::fs::read_to_string(&target).unwrap();
            let mut headings = text
                .lines()
                .filter(|line| line.starts_with('#'))
                .map(anchor);
            assert!(
                headings.any(|known| known == heading),
                "{}: no heading for {link}",
                document.name
            );
        }
        count += 1;
    }
    count
}

/// A heading's anchor, as GitHub and mdBook make it.
fn anchor(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = text
        .chars()
        .filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.collect::<String>().replace(' ', "-")
}
