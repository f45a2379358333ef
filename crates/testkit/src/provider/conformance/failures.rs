//! Answers that do not arrive.

use planaria_core::port::provider::Error;

use super::run::{ask, failure, previewed};
use super::{Case, Failure, Rigs};

fn begun() -> Vec<String> {
    ["Half a", " sen"].map(str::to_owned).to_vec()
}

pub(super) async fn every_failure_has_its_class(rigs: Rigs) -> Option<()> {
    for expected in Failure::ALL {
        let rig = rigs(Case::Fails(*expected)).await?;
        let (before, error) = failure(ask(&rig, "fail")).await;
        assert!(before.is_empty(), "{expected:?}: before it came {before:?}");
        assert!(expected.is(&error), "{expected:?} became {error:?}");
        assert_eq!(error.is_retryable(), expected.is_retryable(), "{expected:?}");
    }
    Some(())
}

pub(super) async fn a_failure_in_mid_stream_ends_it(rigs: Rigs) -> Option<()> {
    for expected in [Failure::Overloaded, Failure::Unavailable] {
        let rig = rigs(Case::FailsAfter { text: begun(), failure: expected }).await?;
        let (before, error) = failure(ask(&rig, "fail later")).await;
        assert_eq!(previewed(&before, 0), "Half a sen");
        assert!(expected.is(&error), "{expected:?} became {error:?}");
    }
    Some(())
}

pub(super) async fn an_answer_that_breaks_off_is_broken(rigs: Rigs) -> Option<()> {
    let rig = rigs(Case::BreaksOffAfter { text: begun() }).await?;
    let (before, error) = failure(ask(&rig, "break off")).await;
    assert_eq!(previewed(&before, 0), "Half a sen");
    assert!(matches!(error, Error::Broken { .. }), "it became {error:?}");
    assert!(error.is_retryable());
    Some(())
}
