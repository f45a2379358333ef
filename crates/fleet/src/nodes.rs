//! From nodes to types. The shape of the nodes has been checked, so that what goes wrong here is no
//! news for whoever wrote the file.

use serde::Deserialize;
use serde::de::value::{Error, MapDeserializer, SeqDeserializer};
use serde::de::{Deserializer, IntoDeserializer, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::Value;
use serde_saphyr::Spanned;

use crate::at::{AT, Place};
use crate::source::Source;
use crate::tree::{Node, Tree};

/// A file as its type has it.
///
/// # Errors
/// When the nodes do not fit the type.
pub(crate) fn read<'de, T: Deserialize<'de>>(
    source: &'de Source,
    node: &'de Node,
) -> Result<T, Error> {
    T::deserialize(Part::Value(source, node))
}

/// A part of a file: a value, or the key of one.
#[derive(Clone, Copy)]
enum Part<'de> {
    Value(&'de Source, &'de Node),
    Key(&'de Spanned<String>),
}

impl<'de> Part<'de> {
    fn place(self) -> Place {
        match self {
            Self::Value(_, node) => node.referenced.into(),
            Self::Key(key) => key.referenced.into(),
        }
    }

    fn is_null(self) -> bool {
        matches!(self, Self::Value(_, node) if node.value.is_null())
    }

    /// A scalar as it is written: `1.10` is no number where a text is wanted.
    fn text(self) -> Option<&'de str> {
        match self {
            Self::Key(key) => Some(&key.value),
            Self::Value(source, node) => match &node.value {
                Tree::Scalar(Value::String(text)) => Some(text),
                Tree::Scalar(Value::Null) | Tree::List(_) | Tree::Map(_) => None,
                Tree::Scalar(_) => source.written(node.defined),
            },
        }
    }
}

impl<'de> IntoDeserializer<'de, Error> for Part<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Part<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let Self::Value(source, node) = self else { return self.deserialize_str(visitor) };
        match &node.value {
            Tree::Scalar(Value::Bool(flag)) => visitor.visit_bool(*flag),
            Tree::Scalar(Value::Number(number)) if number.is_u64() => {
                visitor.visit_u64(number.as_u64().unwrap_or_default())
            }
            Tree::Scalar(_) => self.deserialize_str(visitor),
            Tree::List(items) => {
                let items = items.iter().map(|item| Part::Value(source, item));
                visitor.visit_seq(SeqDeserializer::new(items))
            }
            Tree::Map(entries) => {
                let entries =
                    entries.iter().map(|(key, node)| (Part::Key(key), Part::Value(source, node)));
                visitor.visit_map(MapDeserializer::new(entries))
            }
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.text() {
            Some(text) => visitor.visit_borrowed_str(text),
            None => visitor.visit_unit(),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    /// With the name of [`AT`], a place comes before the value.
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        if name == AT {
            visitor.visit_seq(Placed { part: self, given: 0 })
        } else {
            visitor.visit_newtype_struct(self)
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_enum(self.text().unwrap_or_default().into_deserializer())
    }

    /// A section that is left empty is one without entries.
    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.is_null() {
            let none = std::iter::empty::<(Part<'de>, Part<'de>)>();
            return visitor.visit_map(MapDeserializer::new(none));
        }
        self.deserialize_any(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_map(visitor)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.is_null() {
            return visitor.visit_seq(SeqDeserializer::new(std::iter::empty::<Part<'de>>()));
        }
        self.deserialize_any(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char bytes byte_buf unit unit_struct
        tuple tuple_struct identifier ignored_any
    }
}

/// Line, column, value.
struct Placed<'de> {
    part: Part<'de>,
    given: u8,
}

impl<'de> SeqAccess<'de> for Placed<'de> {
    type Error = Error;

    fn next_element_seed<S: serde::de::DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Error> {
        self.given += 1;
        let place = self.part.place();
        match self.given {
            1 => seed.deserialize(place.line.into_deserializer()).map(Some),
            2 => seed.deserialize(place.column.into_deserializer()).map(Some),
            3 => seed.deserialize(self.part).map(Some),
            _ => Ok(None),
        }
    }
}
