//! Setting values as text, and the values that a type allows.

use serde::de::{DeserializeOwned, Deserializer, Error as _, Visitor};
use serde_json::{Map, Number, Value};

use crate::error::{Error, Result};

/// A value given for a setting.
pub(crate) enum Given<'a> {
    /// Text from the command line, which has no type.
    Text(&'a str),
    /// A value from a file.
    Value(Value),
}

impl Given<'_> {
    /// Writes it to `target`, the value of the setting `name`.
    pub fn put<T: DeserializeOwned>(
        &self,
        target: &mut T,
        name: &'static str,
        allowed: impl Fn() -> String,
    ) -> Result<()> {
        let mut values = self.readings().into_iter();
        match values.find_map(|value| serde_json::from_value(value).ok()) {
            Some(value) => {
                *target = value;
                Ok(())
            }
            None => Err(Error::setting(name, self.text(), allowed())),
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Text(text) => format!("`{text}`"),
            Self::Value(value) => format!("`{}`", text(value)),
        }
    }

    /// Its possible meanings; the setting's type takes the first one that fits.
    fn readings(&self) -> Vec<Value> {
        let (text, mut readings) = match self {
            Self::Text(text) => {
                let mut readings = scalars(text);
                if text.starts_with(['[', '{']) {
                    readings.extend(serde_json::from_str(text).ok());
                }
                let list: Option<Vec<Value>> = text.split(',').map(number).collect();
                readings.extend(list.map(Value::Array));
                (*text, readings)
            }
            Self::Value(Value::String(text)) => (text.as_str(), vec![Value::String(text.clone())]),
            Self::Value(value) => return vec![value.clone()],
        };
        // A choice with a value, such as `false-positive-rate:0.01`.
        if let Some((choice, rest)) = text.split_once(':') {
            let of_choice = |value| Value::Object(Map::from_iter([(choice.to_owned(), value)]));
            readings.extend(scalars(rest).into_iter().map(of_choice));
        }
        if text == NONE {
            readings.push(Value::Null);
        }
        readings
    }
}

/// The text for a setting without a value.
const NONE: &str = "none";

fn scalars(text: &str) -> Vec<Value> {
    let truth = text.parse().ok().map(Value::Bool);
    let scalars = truth.into_iter().chain(number(text));
    scalars.chain([Value::String(text.to_owned())]).collect()
}

fn number(text: &str) -> Option<Value> {
    let text = text.trim();
    let whole = text.parse::<u64>().ok().map(Number::from);
    let other = || text.parse().ok().and_then(Number::from_f64);
    whole.or_else(other).map(Value::Number)
}

/// A value as text for the command line.
pub(crate) fn text(value: &Value) -> String {
    match value {
        Value::Null => NONE.to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(text).collect::<Vec<_>>().join(","),
        Value::Object(map) => match map.iter().next() {
            Some((choice, value)) if map.len() == 1 && !value.is_object() => {
                format!("{choice}:{}", text(value))
            }
            _ => value.to_string(),
        },
        Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

/// The values that a field's type allows, in words.
pub(crate) fn allowed_of<S, T: DeserializeOwned>(_field: fn(&S) -> &T) -> String {
    match T::deserialize(Asked) {
        Err(Answer(Some(allowed))) => allowed,
        _ => "a value".to_owned(),
    }
}

/// A deserializer without a value; its error says what it was asked for.
struct Asked;

#[derive(Debug)]
struct Answer(Option<String>);

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0.as_deref().unwrap_or_default())
    }
}

impl std::error::Error for Answer {}

impl serde::de::Error for Answer {
    fn custom<T: std::fmt::Display>(_: T) -> Self {
        Self(None)
    }
}

/// Methods that return a text.
macro_rules! answers {
    ($($method:ident => $answer:literal),+ $(,)?) => {
        $(fn $method<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Answer> {
            Err(Answer(Some($answer.to_owned())))
        })+
    };
}

impl<'de> Deserializer<'de> for Asked {
    type Error = Answer;

    answers! {
        deserialize_bool => "`true` or `false`",
        deserialize_u8 => "a whole number",
        deserialize_u16 => "a whole number",
        deserialize_u32 => "a whole number",
        deserialize_u64 => "a whole number",
        deserialize_f32 => "a number",
        deserialize_f64 => "a number",
        deserialize_str => "text",
        deserialize_string => "text",
        deserialize_seq => "comma-separated values",
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Answer> {
        Err(Answer::custom(""))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Answer> {
        match visitor.visit_some(Self) {
            Err(Answer(Some(allowed))) => Err(Answer(Some(format!("{allowed}, or `{NONE}`")))),
            other => other,
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Answer> {
        let names: Vec<_> = variants.iter().map(|name| format!("`{name}`")).collect();
        let allowed = match names.split_last() {
            Some((last, [])) => last.clone(),
            Some((last, others)) => format!("{} or {last}", others.join(", ")),
            None => String::new(),
        };
        Err(Answer(Some(allowed)))
    }

    serde::forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u128 char bytes byte_buf unit unit_struct newtype_struct tuple
        tuple_struct map struct identifier ignored_any
    }
}
