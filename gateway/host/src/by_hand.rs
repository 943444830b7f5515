//! Calls whose arguments and answer are JSON: for authors, who try a function, and for replays, which have the
//! arguments from evidence. The types are the component's own.

use std::time::{Duration, Instant};

use serde_json::Value;
use wasmtime::component::{Func, Type, Val};

use crate::{
    call::Call,
    evidence::{Called, functions},
    fault::{CallError, Fault},
    json::{self, JsonError, Typed},
    registry::{Loaded, Plugin},
    wire,
};

/// Values known only by their type take more room than records: a decimal is two strings and two values. What the
/// limit means is checked on the answer's JSON.
const COPY_BYTES_MAX: usize = 32 * 1024 * 1024;

/// How long a call took, apart from reading and writing JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// Making the instance.
    pub instantiation: Duration,
    /// The function, its arguments and its answer.
    pub call: Duration,
}

/// Why a call by hand has no answer.
#[derive(Debug, thiserror::Error)]
pub enum ByHandError {
    /// The role has no such function.
    #[error("no function {function:?}; there are {}", .known.join(", "))]
    UnknownFunction {
        /// What was asked for.
        function: String,
        /// What there is.
        known: &'static [&'static str],
    },
    /// The arguments do not fit the function.
    #[error("the input does not fit: {0}")]
    Input(#[from] JsonError),
    /// The call itself.
    #[error(transparent)]
    Call(#[from] CallError),
}

impl Plugin {
    /// Calls `function` with arguments from JSON: an object with the arguments by name, or, where there is one
    /// argument, that argument alone. The answer is the contract's JSON.
    pub async fn call_json(
        &self,
        function: &str,
        input: &str,
    ) -> Result<Called<String>, ByHandError> {
        self.time_json(function, input).await.map(|(called, _)| called)
    }

    /// As [`Self::call_json`], and how long it took.
    pub async fn time_json(
        &self,
        function: &str,
        input: &str,
    ) -> Result<(Called<String>, Timing), ByHandError> {
        let known = functions(self.role());
        let Some(function) = known.iter().find(|known| **known == function) else {
            return Err(ByHandError::UnknownFunction { function: function.to_owned(), known });
        };
        let input: Value = serde_json::from_str(input)
            .map_err(|error| JsonError::new("input", error.to_string()))?;
        let answered = self.0.attempt_json(function, &input).await;
        match &answered {
            Ok(_) => self.0.count(None),
            Err(ByHandError::Call(error)) => self.0.count(Some(error)),
            Err(ByHandError::UnknownFunction { .. } | ByHandError::Input(_)) => {}
        }
        answered
    }
}

impl Loaded {
    async fn attempt_json(
        &self,
        function: &'static str,
        input: &Value,
    ) -> Result<(Called<String>, Timing), ByHandError> {
        let mut call = Call::begin(&self.sandbox, &self.manifest, &self.peak).await?;
        call.store().set_hostcall_fuel(COPY_BYTES_MAX);
        let started = Instant::now();
        let instance = call.enter(&self.pre).await?;
        let instantiation = started.elapsed();
        let export = instance.get_func(call.store(), self.export(function)?);
        let export =
            export.ok_or_else(|| CallError::bad_output(format!("no function {function}")))?;
        let (arguments, input) = self.arguments(&mut call, &export, input)?;
        let mut answer = [Val::Bool(false)];
        let started = Instant::now();
        let called = export.call_async(call.store(), &arguments, &mut answer).await;
        let timing = Timing { instantiation, call: started.elapsed() };
        called.map_err(|error| call.fault_of(&error))?;
        let ty = export.ty(call.store()).results().next();
        let [answer] = answer;
        let output = self.output(answer, ty)?;
        let evidence = self.evidence(function, input, output.clone(), call.fuel_used());
        Ok((Called { value: output, evidence }, timing))
    }

    fn arguments(
        &self,
        call: &mut Call<'_>,
        export: &Func,
        input: &Value,
    ) -> Result<(Vec<Val>, String), ByHandError> {
        let ty = export.ty(call.store());
        let params = ty.params().map(|(name, ty)| (name.to_owned(), ty)).collect::<Vec<_>>();
        let arguments = json::read_arguments(input, &params)?;
        let text = json::arguments_text(&arguments, &params)?;
        let bytes_max = self.sandbox.limits.input_bytes;
        if text.len() > bytes_max {
            return Err(CallError::InputTooLarge { bytes: text.len(), bytes_max }.into());
        }
        Ok((arguments, text))
    }

    /// A plugin's own error is no answer; a `result`'s value stands alone.
    fn output(&self, answer: Val, ty: Option<Type>) -> Result<String, CallError> {
        let (value, ty) = match (answer, ty) {
            (Val::Result(Ok(Some(value))), Some(Type::Result(ty))) => (*value, ty.ok()),
            (Val::Result(Err(error)), _) => {
                return Err(CallError::refused(plugin_error(error.as_deref())));
            }
            (value, ty) => (value, ty),
        };
        let ty = ty.ok_or_else(|| CallError::bad_output("no answer"))?;
        let text = json::text(&Typed(&value, &ty))
            .map_err(|error| CallError::bad_output(error.to_string()))?;
        let bytes_max = self.sandbox.limits.output_bytes;
        if text.len() > bytes_max {
            return Err(CallError::Fault(
                Fault::OutputTooLarge,
                format!("more than {bytes_max} bytes"),
            ));
        }
        Ok(text)
    }
}

fn plugin_error(error: Option<&Val>) -> wire::Error {
    let fields = if let Some(Val::Record(fields)) = error { fields.as_slice() } else { &[] };
    let field = |name: &str| fields.iter().find(|(known, _)| known == name).map(|(_, value)| value);
    let text = |value: Option<&Val>| match value {
        Some(Val::String(text)) => text.clone(),
        _ => String::new(),
    };
    let at = match field("field") {
        Some(Val::Option(Some(value))) => Some(text(Some(value))),
        _ => None,
    };
    wire::Error {
        code: text(field("code")),
        message: text(field("message")),
        field: at,
        retryable: matches!(field("retryable"), Some(Val::Bool(true))),
    }
}
