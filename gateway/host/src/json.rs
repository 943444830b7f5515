//! The JSON of the plugin contract, for evidence and for calls by hand: names as in WIT, decimals as strings,
//! bytes as base64, absent options left out, fields in the contract's order, no spaces. One value has one text,
//! so that texts can be compared.
//!
//! Typed records write themselves (see [`crate::wire`]); here are their special cases, and the way for values
//! whose types are only known from the component itself.

use data_encoding::BASE64;
use serde::{
    Serialize, Serializer,
    ser::{Error as _, SerializeMap, SerializeSeq},
};
use serde_json::Value;
use wasmtime::component::{Type, Val, types::Record};

/// Decimals that the contract allows.
const SCALE_MAX: usize = 18;

/// Why a JSON text is no input of a function.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {problem}")]
pub struct JsonError {
    /// Where, e.g. `sale.lines[0].amount`.
    pub path: String,
    /// What is wrong, and what is expected.
    pub problem: String,
}

impl JsonError {
    pub(crate) fn new(path: &str, problem: impl Into<String>) -> Self {
        Self { path: path.to_owned(), problem: problem.into() }
    }
}

/// `mantissa / 10^scale` as people write it, trailing zeros kept.
pub(crate) fn decimal_text(mantissa: i64, scale: u8) -> String {
    let sign = if mantissa < 0 { "-" } else { "" };
    let scale = usize::from(scale);
    let digits = format!("{:0>width$}", mantissa.unsigned_abs(), width = scale.saturating_add(1));
    match digits.split_at_checked(digits.len().saturating_sub(scale)) {
        Some((whole, fraction)) if scale > 0 => format!("{sign}{whole}.{fraction}"),
        _ => format!("{sign}{digits}"),
    }
}

fn decimal_parts(text: &str) -> Option<(i64, u8)> {
    let (sign, magnitude) = text.strip_prefix('-').map_or(("", text), |rest| ("-", rest));
    let (whole, fraction) = magnitude.split_once('.').unwrap_or((magnitude, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let plain = !whole.is_empty() && digits(whole) && digits(fraction);
    let ends_well = !magnitude.ends_with('.') && fraction.len() <= SCALE_MAX;
    let mantissa = (plain && ends_well).then(|| format!("{sign}{whole}{fraction}").parse().ok());
    Some((mantissa.flatten()?, u8::try_from(fraction.len()).ok()?))
}

/// Writes bytes as base64.
pub(crate) fn bytes<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&BASE64.encode(bytes))
}

/// Room for a sale of three items or its taxes, so that a text does not move as it grows.
const TEXT_BYTES: usize = 2048;

/// The one text of a typed value.
pub(crate) fn text<T: Serialize + ?Sized>(value: &T) -> Result<String, JsonError> {
    let mut text = Vec::with_capacity(TEXT_BYTES);
    let fault = |error: &dyn std::fmt::Display| JsonError::new("$", error.to_string());
    serde_json::to_writer(&mut text, value).map_err(|error| fault(&error))?;
    String::from_utf8(text).map_err(|error| fault(&error))
}

/// A value together with its type, ready to be written: the type tells an empty list of bytes from an empty list.
pub(crate) struct Typed<'a>(pub(crate) &'a Val, pub(crate) &'a Type);

impl Serialize for Typed<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match (self.0, self.1) {
            (Val::Bool(value), _) => to.serialize_bool(*value),
            (Val::S8(value), _) => to.serialize_i8(*value),
            (Val::U8(value), _) => to.serialize_u8(*value),
            (Val::S16(value), _) => to.serialize_i16(*value),
            (Val::U16(value), _) => to.serialize_u16(*value),
            (Val::S32(value), _) => to.serialize_i32(*value),
            (Val::U32(value), _) => to.serialize_u32(*value),
            (Val::S64(value), _) => to.serialize_i64(*value),
            (Val::U64(value), _) => to.serialize_u64(*value),
            (Val::Char(value), _) => to.serialize_char(*value),
            (Val::String(value) | Val::Enum(value), _) => to.serialize_str(value),
            (Val::List(items), Type::List(list)) => write_list(items, &list.ty(), to),
            (Val::Record(fields), Type::Record(record)) => write_record(fields, record, to),
            (Val::Tuple(items), Type::Tuple(tuple)) => {
                let mut sequence = to.serialize_seq(Some(items.len()))?;
                for (item, ty) in items.iter().zip(tuple.types()) {
                    sequence.serialize_element(&Typed(item, &ty))?;
                }
                sequence.end()
            }
            (Val::Option(None), _) => to.serialize_none(),
            (Val::Option(Some(value)), Type::Option(option)) => {
                Typed(value, &option.ty()).serialize(to)
            }
            (Val::Variant(case, payload), Type::Variant(variant)) => {
                let ty =
                    variant.cases().find(|known| known.name == case).and_then(|known| known.ty);
                write_case(case, payload.as_deref(), ty, to)
            }
            (Val::Result(Ok(value)), Type::Result(ty)) => {
                write_case("ok", value.as_deref(), ty.ok(), to)
            }
            (Val::Result(Err(value)), Type::Result(ty)) => {
                write_case("err", value.as_deref(), ty.err(), to)
            }
            _ => Err(S::Error::custom("the contract has no values of this type")),
        }
    }
}

fn write_list<S: Serializer>(items: &[Val], ty: &Type, to: S) -> Result<S::Ok, S::Error> {
    if matches!(ty, Type::U8) {
        let byte = |item: &Val| if let Val::U8(byte) = item { Some(*byte) } else { None };
        return bytes(&items.iter().filter_map(byte).collect::<Vec<_>>(), to);
    }
    let mut sequence = to.serialize_seq(Some(items.len()))?;
    for item in items {
        sequence.serialize_element(&Typed(item, ty))?;
    }
    sequence.end()
}

fn write_record<S: Serializer>(
    fields: &[(String, Val)],
    record: &Record,
    to: S,
) -> Result<S::Ok, S::Error> {
    if let [(mantissa, Val::S64(digits)), (scale, Val::U8(decimals))] = fields
        && mantissa == "mantissa"
        && scale == "scale"
    {
        return to.serialize_str(&decimal_text(*digits, *decimals));
    }
    let mut map = to.serialize_map(None)?;
    for ((name, value), field) in fields.iter().zip(record.fields()) {
        if !matches!(value, Val::Option(None)) {
            map.serialize_entry(name, &Typed(value, &field.ty))?;
        }
    }
    map.end()
}

fn write_case<S: Serializer>(
    case: &str,
    payload: Option<&Val>,
    ty: Option<Type>,
    to: S,
) -> Result<S::Ok, S::Error> {
    match (payload, ty) {
        (Some(value), Some(ty)) => {
            let mut map = to.serialize_map(Some(1))?;
            map.serialize_entry(case, &Typed(value, &ty))?;
            map.end()
        }
        _ => to.serialize_str(case),
    }
}

/// The value of type `ty` that `json` stands for.
pub(crate) fn read(json: &Value, ty: &Type, path: &str) -> Result<Val, JsonError> {
    let wrong = |expected: &str| JsonError::new(path, format!("expected {expected}"));
    let text = || json.as_str().ok_or_else(|| wrong("a string"));
    match ty {
        Type::Bool => json.as_bool().map(Val::Bool).ok_or_else(|| wrong("true or false")),
        Type::U8 => whole(json).map(Val::U8).ok_or_else(|| wrong("a number from 0 to 255")),
        Type::U16 => whole(json).map(Val::U16).ok_or_else(|| wrong("a number from 0 to 65535")),
        Type::U32 => {
            whole(json).map(Val::U32).ok_or_else(|| wrong("a whole number of 32 bits, from 0"))
        }
        Type::U64 => {
            json.as_u64().map(Val::U64).ok_or_else(|| wrong("a whole number of 64 bits, from 0"))
        }
        Type::S64 => json.as_i64().map(Val::S64).ok_or_else(|| wrong("a whole number of 64 bits")),
        Type::String => Ok(Val::String(text()?.to_owned())),
        Type::Enum(names) => {
            let name = text()?;
            let known = || names.names().collect::<Vec<_>>().join(", ");
            let found = names.names().any(|known| known == name);
            found
                .then(|| Val::Enum(name.to_owned()))
                .ok_or_else(|| wrong(&format!("one of {}", known())))
        }
        Type::List(list) if matches!(list.ty(), Type::U8) => {
            let bytes = BASE64.decode(text()?.as_bytes()).map_err(|_| wrong("bytes in base64"))?;
            Ok(Val::List(bytes.into_iter().map(Val::U8).collect()))
        }
        Type::List(list) => {
            let items = json.as_array().ok_or_else(|| wrong("a list"))?.iter().enumerate();
            let item = |(index, item)| read(item, &list.ty(), &format!("{path}[{index}]"));
            items.map(item).collect::<Result<_, _>>().map(Val::List)
        }
        Type::Tuple(tuple) => {
            let items = json.as_array().filter(|items| items.len() == tuple.types().len());
            let items =
                items.ok_or_else(|| wrong(&format!("a list of {}", tuple.types().len())))?;
            let item = |(index, (item, ty))| read(item, &ty, &format!("{path}[{index}]"));
            let pairs = items.iter().zip(tuple.types()).enumerate();
            pairs.map(item).collect::<Result<_, _>>().map(Val::Tuple)
        }
        Type::Option(_) if json.is_null() => Ok(Val::Option(None)),
        Type::Option(option) => Ok(Val::Option(Some(Box::new(read(json, &option.ty(), path)?)))),
        Type::Record(record) => read_record(json, record, path),
        _ => Err(JsonError::new(path, "the contract has no inputs of this type")),
    }
}

/// The arguments of a function: an object with all of them by name, or the only one by itself.
pub(crate) fn read_arguments(
    json: &Value,
    params: &[(String, Type)],
) -> Result<Vec<Val>, JsonError> {
    let object = json.as_object();
    if let [(name, ty)] = params
        && object.is_none_or(|object| object.len() != 1 || !object.contains_key(name))
    {
        return Ok(vec![read(json, ty, name)?]);
    }
    let names = || params.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ");
    let object = object
        .ok_or_else(|| JsonError::new("input", format!("expected an object with {}", names())))?;
    if let Some(unknown) = object.keys().find(|key| !params.iter().any(|(name, _)| name == *key)) {
        return Err(JsonError::new(
            "input",
            format!("no argument {unknown:?}; there are {}", names()),
        ));
    }
    let argument = |(name, ty): &(String, Type)| match object.get(name) {
        Some(value) => read(value, ty, name),
        None if matches!(ty, Type::Option(_)) => Ok(Val::Option(None)),
        None => Err(JsonError::new(name, "missing")),
    };
    params.iter().map(argument).collect()
}

/// The arguments of a function as evidence keeps them: by name.
pub(crate) fn arguments_text(
    arguments: &[Val],
    params: &[(String, Type)],
) -> Result<String, JsonError> {
    struct Arguments<'a>(&'a [Val], &'a [(String, Type)]);
    impl Serialize for Arguments<'_> {
        fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
            to.collect_map(
                self.0.iter().zip(self.1).map(|(value, (name, ty))| (name, Typed(value, ty))),
            )
        }
    }
    text(&Arguments(arguments, params))
}

fn whole<T: TryFrom<u64>>(json: &Value) -> Option<T> {
    T::try_from(json.as_u64()?).ok()
}

fn read_record(json: &Value, record: &Record, path: &str) -> Result<Val, JsonError> {
    if record.fields().map(|field| field.name).eq(["mantissa", "scale"]) {
        let parts = json.as_str().and_then(decimal_parts);
        let (mantissa, scale) = parts.ok_or_else(|| {
            JsonError::new(
                path,
                "expected a decimal in a string, like \"1.0705\", with at most 18 decimals",
            )
        })?;
        let fields = [("mantissa", Val::S64(mantissa)), ("scale", Val::U8(scale))];
        return Ok(Val::Record(fields.map(|(name, value)| (name.to_owned(), value)).into()));
    }
    let object = json.as_object().ok_or_else(|| JsonError::new(path, "expected an object"))?;
    if let Some(unknown) =
        object.keys().find(|key| !record.fields().any(|field| field.name == *key))
    {
        let names = record.fields().map(|field| field.name).collect::<Vec<_>>().join(", ");
        return Err(JsonError::new(path, format!("no field {unknown:?}; the fields are {names}")));
    }
    let field = |field: wasmtime::component::types::Field<'_>| {
        let path =
            if path.is_empty() { field.name.to_owned() } else { format!("{path}.{}", field.name) };
        let value = match object.get(field.name) {
            Some(value) => read(value, &field.ty, &path)?,
            None if matches!(field.ty, Type::Option(_)) => Val::Option(None),
            None => return Err(JsonError::new(&path, "missing")),
        };
        Ok((field.name.to_owned(), value))
    };
    record.fields().map(field).collect::<Result<_, _>>().map(Val::Record)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_keep_their_zeros_both_ways() {
        for (mantissa, scale, text) in [
            (10705, 4, "1.0705"),
            (15900, 4, "1.5900"),
            (19, 0, "19"),
            (-5, 2, "-0.05"),
            (0, 0, "0"),
            (i64::MIN, 18, "-9.223372036854775808"),
        ] {
            assert_eq!(decimal_text(mantissa, scale), text);
            assert_eq!(decimal_parts(text), Some((mantissa, scale)));
        }
        assert_eq!(decimal_text(1, u8::MAX).len(), 257, "a hostile scale is only long");
    }

    #[test]
    fn only_plain_decimals_are_read() {
        for text in [
            "",
            "-",
            ".5",
            "1.",
            "1e3",
            "+1",
            " 1",
            "1.0000000000000000000",
            "99999999999999999999",
        ] {
            assert_eq!(decimal_parts(text), None, "{text:?}");
        }
    }
}
