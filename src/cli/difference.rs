//! What is told when the oracle does not confirm an evaluation.

use std::path::Path;

use exnihilo::run::event::{self, RunEvent};
use exnihilo::text::printable_path;
use exnihilo::verify::Difference;

use super::failure::Failure;
use super::output::shell_word;

/// Writes the case file of a difference into `folder`. Returns the event, and the failure with its message: that stands even where
/// the file cannot be written.
pub(super) fn conclude(difference: &Difference, folder: &Path) -> (RunEvent, Failure) {
    let (file, ending) = match difference.write_case_file(folder) {
        Ok(path) => {
            let ending = format!(
                "case file: {}\nto replay: exnihilo conform {}\n\
                 That runs the program on every backend and layout, as written and simplified; it passes where only the memo is wrong.",
                printable_path(&path),
                shell_word(&path)
            );
            (Some(path.display().to_string()), ending)
        }
        Err(error) => (None, format!("the case file cannot be written into {}: {error}", printable_path(folder))),
    };
    let event = RunEvent::Difference(event::Difference::new(difference, file));
    (event, Failure::Difference(anyhow::Error::msg(format!("{difference}{ending}"))))
}

#[cfg(test)]
mod tests {
    use exnihilo::search::SearchError;
    use exnihilo::task::{DataCache, SetName, TaskKind, TaskSpec, build_group};
    use exnihilo::verify::{Claim, Verifier};
    use exnihilo_jit::cases::{Case, CaseReader};
    use exnihilo_jit::testing::{OracleBackend, Verdict, check};
    use exnihilo_jit::{Combine, known_program};

    use super::super::Exit;
    use super::*;

    fn difference() -> Box<Difference> {
        let spec = TaskSpec { tasks: 2, ..TaskSpec::new(TaskKind::Linear) };
        let group = build_group(&spec, SetName::Eval, 0, 0, &DataCache::new()).expect("small tasks");
        let program = known_program("linear").expect("a known program");
        let claim = Claim::remembered(0.25, 2_000, Combine::Mean);
        Verifier::default().confirm(&program, &group, claim).expect_err("it is far better")
    }

    #[test]
    fn a_difference_has_exit_code_3_a_message_and_a_file() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let difference = difference();
        for name in ["difference.jsonl", "difference-2.jsonl"] {
            let (event, failure) = conclude(&difference, folder.path());
            let file = folder.path().join(name);
            let event: serde_json::Value = serde_json::from_str(&event.line()).expect("JSON");
            assert_eq!((&event["event"], &event["subject"], &event["fitness"]), (&"difference".into(), &"memo".into(), &0.25.into()));
            assert_eq!(event["file"], file.to_str().expect("plain"));
            let Failure::Difference(ref message) = failure else { panic!("{failure:?}") };
            let message = message.to_string();
            for words in ["memo gives fitness 0.25", "def Learn():", "to replay: exnihilo conform ", name] {
                assert!(message.contains(words), "no {words:?} in {message}");
            }
            assert_eq!(failure.at("a program").report(), Exit::Difference.code());
            let cases: Vec<Case> = CaseReader::open(&file).expect("it is there").collect::<Result<_, _>>().expect("cases");
            assert_eq!(cases.len(), 1);
            assert!(cases.iter().all(|case| matches!(check(&mut OracleBackend::default(), case), Ok(Verdict::Agrees))));
        }
    }

    #[test]
    fn it_stands_where_the_file_cannot_be_written() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (event, failure) = conclude(&difference(), &folder.path().join("nowhere"));
        assert!(event.line().contains("\"file\":null"), "{event:?}");
        assert!(matches!(&failure, Failure::Difference(error) if error.to_string().contains("cannot be written")), "{failure:?}");
        assert_eq!(failure.report(), 3);
    }

    #[test]
    fn a_search_that_found_one_has_exit_code_3() {
        assert_eq!(Failure::from(SearchError::from(difference())).report(), 3);
    }
}
