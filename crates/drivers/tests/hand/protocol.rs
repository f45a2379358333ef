//! The protocol as bytes: what is frozen, and what a hand does about nonsense.

use planaria_core::port::sandbox::{Driver, Error, Locator};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};

use crate::support::{Rig, SESSION, bash, good, patiently};

struct Hello {
    version: u32,
    session: u128,
    generation: u64,
    epoch: u64,
}

impl Hello {
    fn right() -> Self {
        Self { version: 1, session: SESSION.0, generation: 1, epoch: 1 }
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = b"PLNH".to_vec();
        bytes.extend(self.version.to_le_bytes());
        bytes.extend(self.session.to_be_bytes());
        bytes.extend(self.generation.to_le_bytes());
        bytes.extend(self.epoch.to_le_bytes());
        bytes
    }

    /// Says it, and gives the hand's version and verdict.
    async fn say(&self, locator: &Locator) -> (UnixStream, u32, u32) {
        let address: Value = serde_json::from_str(&locator.address).unwrap();
        let mut stream = UnixStream::connect(address["socket"].as_str().unwrap()).await.unwrap();
        stream.write_all(&self.bytes()).await.unwrap();
        let mut reply = [0; 28];
        stream.read_exact(&mut reply).await.unwrap();
        assert_eq!(&reply[..4], b"PLNH");
        let number = |at: usize| u32::from_le_bytes(reply[at..at + 4].try_into().unwrap());
        (stream, number(4), number(8))
    }
}

async fn send(stream: &mut UnixStream, message: &Value) {
    let body = message.to_string();
    stream.write_u32_le(body.len() as u32).await.unwrap();
    stream.write_all(body.as_bytes()).await.unwrap();
}

async fn receive(stream: &mut UnixStream) -> Value {
    let len = stream.read_u32_le().await.unwrap();
    let mut body = vec![0; len as usize];
    stream.read_exact(&mut body).await.unwrap();
    serde_json::from_slice(&body).unwrap()
}

#[tokio::test]
async fn each_wrong_hello_gets_its_own_verdict_and_the_hand_goes_on() {
    patiently(async {
        let rig = Rig::new();
        let (locator, hand) = rig.hand(1).await;
        for (hello, expected) in [
            (Hello::right(), 0),
            (Hello { epoch: 0, ..Hello::right() }, 1),
            (Hello { generation: 0, ..Hello::right() }, 1),
            (Hello { version: 99, ..Hello::right() }, 2),
            (Hello { session: 5, ..Hello::right() }, 3),
        ] {
            let (mut stream, version, verdict) = hello.say(&locator).await;
            assert_eq!((version, verdict), (1, expected));
            if expected != 0 {
                assert_eq!(stream.read(&mut [0]).await.unwrap(), 0, "the hand hangs up");
            }
        }
        assert_eq!(good(&hand, bash(1, "echo alive")).await, "alive\n");
    })
    .await;
}

#[tokio::test]
async fn a_seal_and_a_ping_are_answered_and_a_sealed_call_does_not_start() {
    patiently(async {
        let rig = Rig::new();
        let (locator, _hand) = rig.hand(1).await;
        let (mut stream, ..) = Hello::right().say(&locator).await;
        send(&mut stream, &json!({"id": 1, "ask": "Ping"})).await;
        assert_eq!(receive(&mut stream).await, json!({"id": 1, "body": "Done"}));
        let call = planaria_core::EventId(9);
        send(&mut stream, &json!({"id": 2, "ask": {"Seal": call}})).await;
        assert_eq!(receive(&mut stream).await, json!({"id": 2, "body": "Done"}));
        let ensure = json!({"id": call, "name": "bash", "input": {"command": "echo no > file"},
                            "deadline": 1_000_000, "rerun": false});
        send(&mut stream, &json!({"id": 3, "ask": {"Ensure": ensure}})).await;
        assert_eq!(receive(&mut stream).await, json!({"id": 3, "body": {"Ended": "Sealed"}}));
        assert!(!rig.workspace().join("file").exists());
    })
    .await;
}

#[tokio::test]
async fn a_hand_that_is_full_or_ending_says_later_and_does_not_start_the_call() {
    patiently(async {
        let rig = Rig::new();
        let (locator, _hand) = rig.hand(1).await;
        let (mut stream, ..) = Hello::right().say(&locator).await;
        let ensure = |id: u64, command: &str| {
            let call = planaria_core::EventId(u128::from(id));
            let ensure = json!({"id": call, "name": "bash", "input": {"command": command},
                                "deadline": 600_000_000, "rerun": false});
            json!({"id": id, "ask": {"Ensure": ensure}})
        };
        let later = |problem: &str| json!({ "Later": problem });
        // One runs, the others wait for the shell.
        for id in 1..=256 {
            send(&mut stream, &ensure(id, "sleep 1000")).await;
        }
        send(&mut stream, &ensure(257, "echo no > file")).await;
        let answer = receive(&mut stream).await;
        assert_eq!(answer, json!({"id": 257, "body": later("256 requests are in flight")}));
        // On another connection there is room for requests, and none for calls.
        let (mut second, ..) = Hello::right().say(&locator).await;
        send(&mut second, &ensure(258, "echo no > file")).await;
        let answer = receive(&mut second).await;
        assert_eq!(answer, json!({"id": 258, "body": later("256 calls are under way")}));
        // Both at once, so that the second is read before the hand is gone.
        send(&mut second, &json!({"id": 259, "ask": "Retire"})).await;
        send(&mut second, &ensure(260, "echo no > file")).await;
        let answer = receive(&mut second).await;
        assert_eq!(answer, json!({"id": 260, "body": later("the hand is ending")}));
        assert_eq!(receive(&mut second).await, json!({"id": 259, "body": "Done"}));
        assert!(!rig.workspace().join("file").exists());
    })
    .await;
}

#[tokio::test]
async fn nonsense_and_too_large_frames_close_the_connection_and_nothing_else() {
    patiently(async {
        let rig = Rig::new();
        let (locator, hand) = rig.hand(1).await;
        for frame in [&b"\xff\xff\xff\xff"[..], b"\x03\0\0\0abc", b"\x02\0\0\0{}"] {
            let (mut stream, ..) = Hello::right().say(&locator).await;
            stream.write_all(frame).await.unwrap();
            assert_eq!(stream.read(&mut [0]).await.unwrap(), 0);
        }
        assert_eq!(good(&hand, bash(1, "echo alive")).await, "alive\n");
        let large = bash(2, &"x".repeat(2 << 20));
        match hand.ensure(large).await {
            Err(Error::Refused(problem)) => assert!(problem.contains("too many"), "{problem}"),
            other => panic!("{other:?}"),
        }
        assert_eq!(good(&hand, bash(3, "echo alive")).await, "alive\n");
    })
    .await;
}

/// Whoever answers at the socket, as a living process: this one.
fn impostor(rig: &Rig) -> (UnixListener, Locator) {
    let path = rig.directory.path().join("socket");
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let start = stat[stat.rfind(')').unwrap()..].split(' ').nth(20).unwrap();
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
    let address = json!({
        "socket": path,
        "pid": std::process::id(),
        "start": start.parse::<u64>().unwrap(),
        "boot": boot.trim(),
    });
    let locator = Locator {
        driver: "local".to_owned(),
        generation: 1,
        session: SESSION,
        address: address.to_string(),
    };
    (UnixListener::bind(path).unwrap(), locator)
}

#[tokio::test]
async fn a_hand_of_a_version_that_we_do_not_speak_is_named_as_such() {
    patiently(async {
        let rig = Rig::new();
        let (listener, locator) = impostor(&rig);
        let driver = rig.driver();
        let attaching = driver.attach(locator, 1);
        let answering = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.read_exact(&mut [0; 40]).await.unwrap();
            let mut reply = b"PLNH\x07\0\0\0\x02\0\0\0".to_vec();
            reply.extend([0; 16]);
            stream.write_all(&reply).await.unwrap();
        };
        let (attached, ()) = tokio::join!(attaching, answering);
        let error = attached.err();
        assert!(matches!(error, Some(Error::Version { theirs: 7, ours: 1, .. })), "{error:?}");
    })
    .await;
}

#[tokio::test]
async fn a_living_process_that_does_not_answer_is_not_called_dead() {
    patiently(async {
        let rig = Rig::new();
        let (listener, locator) = impostor(&rig);
        let driver = rig.driver();
        let hanging_up = async { drop(listener.accept().await.unwrap()) };
        let (attached, ()) = tokio::join!(driver.attach(locator.clone(), 1), hanging_up);
        assert!(matches!(attached.err(), Some(Error::Disconnected(_))));
        drop(listener);
        let attached = driver.attach(locator, 1).await.err();
        assert!(matches!(attached, Some(Error::Disconnected(_))), "{attached:?}");
    })
    .await;
}
