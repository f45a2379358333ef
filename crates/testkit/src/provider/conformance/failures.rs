//! Answers that do not arrive.

use planaria_core::model::Usage;
use planaria_core::port::provider::{Delta, Error};

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

pub(super) async fn what_a_broken_answer_has_used_is_told(rigs: Rigs) -> Option<()> {
    let usage = Usage {
        input_tokens: 3_571,
        output_tokens: 2,
        cache_creation_input_tokens: 11,
        cache_read_input_tokens: 2_048,
    };
    let rig = rigs(Case::BreaksOffHavingUsed { usage }).await?;
    let (before, _) = failure(ask(&rig, "break off")).await;
    let told = before.iter().rev().find_map(|delta| match delta {
        Delta::Used(usage) => Some(*usage),
        _ => None,
    });
    assert_eq!(told, Some(usage));
    Some(())
}
