//! Routes whose handlers are all of one type.
//!
//! Axum would wrap each handler into services of a type of its own. With hundreds of handlers the compiler spent more than
//! half of this crate's time on those types.

use crate::Web;
use axum::{
    Router,
    extract::{DefaultBodyLimit, Request},
    handler::Handler,
    response::Response,
    routing::{self, MethodRouter},
};
use std::{pin::Pin, sync::Arc};

type Answer = Pin<Box<dyn Future<Output = Response> + Send>>;

/// A handler that doesn't tell by its type which one it is.
#[derive(Clone)]
struct Erased(Arc<dyn Fn(Request, Web) -> Answer + Send + Sync>);

impl Erased {
    fn new<T: 'static>(handler: impl Handler<T, Web>) -> Self {
        Self(Arc::new(move |request, web| Box::pin(handler.clone().call(request, web))))
    }
}

impl Handler<(), Web> for Erased {
    type Future = Answer;

    fn call(self, request: Request, web: Web) -> Answer {
        (self.0)(request, web)
    }
}

/// What answers at a path, method by method.
pub(crate) struct Methods(MethodRouter<Web>);

/// Answers one method, which others can follow.
macro_rules! first {
    ($($name:ident),+) => {
        $(pub(crate) fn $name<T: 'static>(handler: impl Handler<T, Web>) -> Methods {
            Methods(routing::$name(Erased::new(handler)))
        })+
    };
}

/// Answers one more method.
macro_rules! further {
    ($($name:ident),+) => {
        impl Methods {
            $(pub(crate) fn $name<T: 'static>(self, handler: impl Handler<T, Web>) -> Self {
                Self(self.0.$name(Erased::new(handler)))
            })+
        }
    };
}

first!(get, post, put, delete);
further!(post, put, patch, delete);

impl Methods {
    /// Adds methods that have a limit of their own.
    pub(crate) fn merge(self, others: Self) -> Self {
        Self(self.0.merge(others.0))
    }

    /// Puts something before them that only calls by one of these methods pass.
    pub(crate) fn behind(self, gate: impl FnOnce(MethodRouter<Web>) -> MethodRouter<Web>) -> Self {
        Self(gate(self.0))
    }

    /// Takes bodies of another size.
    pub(crate) fn layer(self, limit: DefaultBodyLimit) -> Self {
        Self(self.0.layer(limit))
    }
}

/// Adds what answers at a path.
pub(crate) trait Routes {
    fn at(self, path: &str, methods: Methods) -> Self;
}

impl Routes for Router<Web> {
    fn at(self, path: &str, methods: Methods) -> Self {
        self.route(path, methods.0)
    }
}
