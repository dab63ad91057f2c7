//! Which file of a crate imports from which: every name is traced to the file that defines it.

use std::collections::{BTreeMap, BTreeSet};

use crate::modules::File;

/// The texts of a crate's files by their path below `src`.
pub type Sources = BTreeMap<String, String>;

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Import {
    pub from: String,
    pub to: String,
    /// The imported path, from the crate's root.
    pub path: String,
}

/// Most re-exports followed: a name may pass through several files.
const LONGEST_CHAIN: usize = 8;

struct Crate {
    files: BTreeMap<String, File>,
    /// The file of each module, inline ones as well.
    modules: BTreeMap<Vec<String>, String>,
}

/// All imports among a crate's files. A file's re-exports of its own modules do not count.
pub fn all(sources: &Sources) -> BTreeSet<Import> {
    let mut all = Crate {
        files: BTreeMap::new(),
        modules: BTreeMap::new(),
    };
    for (name, text) in sources {
        let file = File::parse(text);
        let module = module_of(name);
        for inline in &file.inline {
            all.modules
                .insert([module.clone(), inline.clone()].concat(), name.clone());
        }
        all.modules.insert(module, name.clone());
        all.files.insert(name.clone(), file);
    }
    let mut imports = BTreeSet::new();
    for (from, file) in &all.files {
        let module = module_of(from);
        for import in &file.uses {
            let here = [module.clone(), import.inline.clone()].concat();
            let Some(path) = all.absolute(&here, &import.path) else {
                continue;
            };
            let is_front_door = import.public && path.starts_with(&module);
            if is_front_door {
                continue;
            }
            if let Some(to) = all.owner(&path, import.name.as_deref() == Some("*"), 0)
                && to != *from
            {
                imports.insert(Import {
                    from: from.clone(),
                    to,
                    path: format!("crate::{}", path.join("::")),
                });
            }
        }
    }
    imports
}

fn module_of(file: &str) -> Vec<String> {
    let name = file.strip_suffix(".rs").unwrap_or(file);
    let mut module: Vec<String> = name.split('/').map(str::to_owned).collect();
    if matches!(
        module.last().map(String::as_str),
        Some("mod" | "lib" | "main")
    ) {
        module.pop();
    }
    module
}

impl Crate {
    /// A path from the crate's root; `None` if it leads to another crate or stays in the same file.
    fn absolute(&self, here: &[String], path: &[String]) -> Option<Vec<String>> {
        let mut base = here.to_vec();
        let mut rest = path;
        match path.first()?.as_str() {
            "crate" => (base, rest) = (Vec::new(), &path[1..]),
            "self" => rest = &path[1..],
            "super" => {
                while rest.first().is_some_and(|word| word == "super") {
                    base.pop()?;
                    rest = &rest[1..];
                }
            }
            name => {
                let child = [here, &[name.to_owned()]].concat();
                if !self.modules.contains_key(&child) {
                    return None;
                }
            }
        }
        Some([base.as_slice(), rest].concat())
    }

    /// The file that defines what a path names; `None` if that is in another crate.
    fn owner(&self, path: &[String], is_glob: bool, passed: usize) -> Option<String> {
        let modules = (0..=path.len()).rev();
        let length = modules
            .into_iter()
            .find(|&length| self.modules.contains_key(&path[..length]))?;
        let (module, rest) = path.split_at(length);
        let file = &self.modules[module];
        let Some(name) = rest.first().filter(|_| !is_glob) else {
            return Some(file.clone());
        };
        let content = &self.files[file];
        if content.items.contains(name) || passed == LONGEST_CHAIN {
            return Some(file.clone());
        }
        let own = module_of(file);
        let inline = &module[own.len()..];
        let own_uses = content.uses.iter().filter(|import| import.inline == inline);
        let named = own_uses
            .clone()
            .find(|import| import.name.as_ref() == Some(name));
        let Some(import) = named else {
            let globs = own_uses.filter(|import| import.name.as_deref() == Some("*"));
            let below = globs.filter_map(|glob| self.absolute(module, &glob.path));
            let found = below.filter_map(|below| self.modules.get(&below));
            let mut found = found.filter(|file| self.files[*file].items.contains(name));
            // Otherwise a macro created it.
            return Some(found.next().unwrap_or(file).clone());
        };
        let further = self.absolute(module, &import.path)?;
        self.owner(&further, false, passed + 1)
    }
}
