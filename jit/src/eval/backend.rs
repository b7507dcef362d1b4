//! The ways of executing a program.

/// How programs are executed. All give the same bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Backend {
    /// The cheapest for the work at hand.
    #[default]
    Auto,
    /// Native code; where none can be made, the interpreter, and that is counted.
    Jit,
    /// The lane interpreter.
    Interp,
    /// The plain interpreter of one task at a time, which says what programs mean.
    Oracle,
}

impl Backend {
    /// All backends.
    pub const ALL: [Backend; 4] = [Backend::Auto, Backend::Jit, Backend::Interp, Backend::Oracle];

    /// The name on the command line and in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Backend::Auto => "auto",
            Backend::Jit => "jit",
            Backend::Interp => "interp",
            Backend::Oracle => "oracle",
        }
    }
}

/// Why nothing can be compiled in this process, if that is so: the build has no compiler, Cranelift no backend for this machine, or
/// `EXNIHILO_NO_JIT=1` is set. Then [`Backend::Jit`] and [`Backend::Auto`] interpret.
pub fn no_native_code() -> Option<String> {
    #[cfg(feature = "jit")]
    let reason = crate::compile::host(crate::compile::Form::Chain, crate::compile::Checks::default()).err().map(|error| error.to_string());
    #[cfg(not(feature = "jit"))]
    let reason = Some("no native code in this build".to_owned());
    reason
}

impl std::fmt::Display for Backend {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

/// A name that is no backend's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown backend `{0}`: choose auto, jit, interp or oracle")]
pub struct UnknownBackend(String);

impl std::str::FromStr for Backend {
    type Err = UnknownBackend;

    fn from_str(name: &str) -> Result<Backend, UnknownBackend> {
        Backend::ALL.into_iter().find(|backend| backend.name() == name).ok_or_else(|| UnknownBackend(name.to_owned()))
    }
}
