//! As little HTTP/1.1 as a load generator needs: one connection, one request at a time.

use anyhow::{Context, Result, bail};
use std::net::SocketAddr;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    /// The `name=value` of the first cookie.
    pub(crate) fn cookie(&self) -> Option<&str> {
        let line = self.head.lines().find_map(|line| line.strip_prefix("set-cookie: "))?;
        line.split(';').next()
    }
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(8192) })
    }

    pub(crate) async fn send(&mut self, request: &str) -> Result<Answer> {
        self.stream.write_all(request.as_bytes()).await?;
        self.buffer.clear();
        let head_end = loop {
            if let Some(end) = self.buffer.windows(4).position(|window| window == b"\r\n\r\n") {
                break end + 4;
            }
            self.read().await?;
        };
        let head = String::from_utf8_lossy(self.buffer.get(..head_end).unwrap_or_default())
            .to_ascii_lowercase_names();
        let length: usize = match head.lines().find_map(|line| line.strip_prefix("content-length: ")) {
            Some(length) => length.trim().parse()?,
            None => 0,
        };
        while self.buffer.len() < head_end + length {
            self.read().await?;
        }
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).context("no status")?;
        let body = self.buffer.get(head_end..head_end + length).unwrap_or_default();
        Ok(Answer { status, body: String::from_utf8_lossy(body).into_owned(), head })
    }

    async fn read(&mut self) -> Result<()> {
        if self.stream.read_buf(&mut self.buffer).await? == 0 {
            bail!("the server closed the connection");
        }
        Ok(())
    }
}

trait LowercaseNames {
    fn to_ascii_lowercase_names(&self) -> String;
}

impl LowercaseNames for str {
    /// Header names in lower case, values as they are.
    fn to_ascii_lowercase_names(&self) -> String {
        let line = |line: &str| match line.split_once(": ") {
            Some((name, value)) => format!("{}: {value}", name.to_ascii_lowercase()),
            None => line.to_owned(),
        };
        self.lines().map(line).collect::<Vec<_>>().join("\n")
    }
}
