//! Answers that a thread gives to many at once: one of them is woken from outside the runtime, and wakes the others from
//! within, where that costs next to nothing and all of them run in a row.

use tokio::sync::oneshot;

/// What is owed to somebody who waits.
#[derive(Debug)]
pub struct Answer<T>(oneshot::Sender<(T, Others<T>)>);

/// Where somebody waits for their answer.
#[derive(Debug)]
pub struct Asked<T>(oneshot::Receiver<(T, Others<T>)>);

/// A question: who answers it, and who waits.
pub fn ask<T>() -> (Answer<T>, Asked<T>) {
    let (answer, asked) = oneshot::channel();
    (Answer(answer), Asked(asked))
}

/// Gives everybody their answer.
pub fn give<T>(mut all: Vec<(Answer<T>, T)>) {
    if let Some((answer, value)) = all.pop() {
        answer.give(value, Others(all));
    }
}

impl<T> Answer<T> {
    /// Nobody waits for it any more.
    pub fn is_unwanted(&self) -> bool {
        self.0.is_closed()
    }

    fn give(self, value: T, others: Others<T>) {
        // Where nobody waits, the others are told as these are dropped.
        let _ = self.0.send((value, others));
    }
}

impl<T> Asked<T> {
    /// The answer; nothing if whoever owed it is gone.
    pub async fn answered(self) -> Option<T> {
        let (value, others) = self.0.await.ok()?;
        drop(others);
        Some(value)
    }
}

/// They are told by whoever has these, or gives them up.
#[derive(Debug)]
struct Others<T>(Vec<(Answer<T>, T)>);

impl<T> Drop for Others<T> {
    fn drop(&mut self) {
        for (answer, value) in self.0.drain(..) {
            answer.give(value, Self(Vec::new()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Told = Vec<(Answer<usize>, usize)>;

    fn four() -> (Told, Vec<Asked<usize>>) {
        (0..4).map(|n| (ask(), n)).map(|((answer, asked), n)| ((answer, n), asked)).unzip()
    }

    #[tokio::test]
    async fn everybody_has_their_own_answer_whoever_goes_away() {
        for gone in 0..4 {
            let (answers, mut asked) = four();
            drop(asked.remove(gone));
            assert!(answers[gone].0.is_unwanted());
            give(answers);
            let told = futures_util::future::join_all(asked.into_iter().map(Asked::answered)).await;
            let expected: Vec<_> = (0..4).filter(|n| *n != gone).map(Some).collect();
            assert_eq!(told, expected);
        }
    }

    #[tokio::test]
    async fn everybody_has_their_own_answer_though_one_goes_with_it() {
        for gone in 0..4 {
            let (answers, mut asked) = four();
            give(answers);
            drop(asked.remove(gone));
            let told = futures_util::future::join_all(asked.into_iter().map(Asked::answered)).await;
            assert_eq!(told.into_iter().flatten().count(), 3);
        }
    }

    #[tokio::test]
    async fn nobody_waits_for_one_who_is_gone() {
        let (answer, asked) = ask::<u8>();
        drop(answer);
        assert_eq!(asked.answered().await, None);
        give::<u8>(Vec::new());
    }
}
