//! The values of constants, for people.

use std::collections::BTreeMap;

/// A value and whether it is a time, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Value {
    pub number: u128,
    pub is_time: bool,
}

/// Constants by their names.
pub type Known = BTreeMap<String, Value>;

/// Reads an expression from left to right, in the precedence that Rust has.
struct Reader<'a> {
    tokens: Vec<&'a str>,
    at: usize,
    known: &'a Known,
}

/// The value of a constant's expression, if it is made of numbers, times and known names.
pub fn value(expression: &str, known: &Known) -> Option<Value> {
    let inner = expression.strip_prefix("Duration::from_");
    let (expression, unit) = match inner.and_then(|inner| inner.strip_suffix(')')) {
        Some(inner) => match inner.split_once('(')? {
            ("secs", inner) => (inner, 1_000_000),
            ("millis", inner) => (inner, 1_000),
            _ => return None,
        },
        None => (expression, 0),
    };
    let mut reader = Reader { tokens: tokens(expression), at: 0, known };
    let value = reader.shift()?;
    if reader.at < reader.tokens.len() {
        return None;
    }
    Some(match unit {
        0 => value,
        unit => Value { number: value.number * unit, is_time: true },
    })
}

fn tokens(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text.trim();
    while let Some(first) = rest.chars().next() {
        let word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
        let end = match first {
            _ if word(first) => rest.find(|c| !word(c)).unwrap_or(rest.len()),
            '<' => 2.min(rest.len()),
            _ => first.len_utf8(),
        };
        found.push(&rest[..end]);
        rest = rest[end..].trim_start();
    }
    found
}

impl Reader<'_> {
    fn take(&mut self, words: &[&str]) -> Option<String> {
        let word = self.tokens.get(self.at).filter(|token| words.contains(token))?;
        self.at += 1;
        Some((*word).to_owned())
    }

    fn shift(&mut self) -> Option<Value> {
        let left = self.sum()?;
        match self.take(&["<<"]) {
            Some(_) => Some(Value { number: left.number << self.sum()?.number, ..left }),
            None => Some(left),
        }
    }

    fn sum(&mut self) -> Option<Value> {
        let mut left = self.product()?;
        while let Some(sign) = self.take(&["+", "-"]) {
            let right = self.product()?.number;
            let number = left.number;
            left.number = if sign == "+" { number + right } else { number.checked_sub(right)? };
        }
        Some(left)
    }

    fn product(&mut self) -> Option<Value> {
        let mut left = self.one()?;
        while let Some(sign) = self.take(&["*", "/"]) {
            let right = self.one()?;
            left.is_time |= right.is_time;
            left.number =
                if sign == "*" { left.number * right.number } else { left.number / right.number };
        }
        Some(left)
    }

    fn one(&mut self) -> Option<Value> {
        if self.take(&["("]).is_some() {
            let inside = self.shift()?;
            self.take(&[")"])?;
            return Some(inside);
        }
        let word = *self.tokens.get(self.at)?;
        self.at += 1;
        let value = match word {
            "u32::MAX" => Value { number: u128::from(u32::MAX), is_time: false },
            _ => match word.replace('_', "").parse::<u128>() {
                Ok(number) => Value { number, is_time: false },
                Err(_) => *self.known.get(word)?,
            },
        };
        if self.take(&["as"]).is_some() {
            self.at += 1;
        }
        Some(value)
    }
}

/// A value in the unit that people think of it in.
pub fn shown(value: Value, is_bytes: bool) -> String {
    let units: &[(u128, &str)] = if value.is_time {
        &[(3_600_000_000, "h"), (60_000_000, "min"), (1_000_000, "s"), (1_000, "ms"), (1, "µs")]
    } else if is_bytes {
        &[(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB"), (1, "bytes")]
    } else {
        &[(1, "")]
    };
    let (_, smallest) = units[units.len() - 1];
    let mut fitting = units.iter().filter(|(size, _)| value.number >= *size);
    let (size, unit) = fitting
        .find(|(size, _)| value.number.is_multiple_of(*size))
        .copied()
        .unwrap_or((1, smallest));
    let digits = (value.number / size).to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) && digits.len() > 4 {
            text.push(' ');
        }
        text.push(digit);
    }
    format!("{text} {unit}").trim_end().to_owned()
}

#[test]
fn expressions_have_the_values_that_rust_gives_them() {
    let mut known = Known::new();
    known.insert("SECOND".to_owned(), Value { number: 1_000_000, is_time: true });
    known.insert("RECORD".to_owned(), Value { number: 1 << 20, is_time: false });
    let shown = |text: &str, bytes: bool| shown(value(text, &known).expect(text), bytes);
    assert_eq!(shown("4 << 20", true), "4 MiB");
    assert_eq!(shown("RECORD + (64 << 10)", true), "1088 KiB");
    assert_eq!(shown("RECORD / 4 * 3 - 1_024", true), "767 KiB");
    assert_eq!(shown("RECORD - 8", true), "1 048 568 bytes");
    assert_eq!(shown("300 * SECOND", false), "5 min");
    assert_eq!(shown("Duration::from_millis(250)", false), "250 ms");
    assert_eq!(shown("Duration::from_secs(24 * 3_600)", false), "24 h");
    assert_eq!(shown("100_000", false), "100 000");
    assert_eq!(shown("u32::MAX as u64", false), "4 294 967 295");
    assert_eq!(value("&[1]", &known), None);
}
