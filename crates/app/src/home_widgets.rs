//! Home › Settings › Configure and Customize Widgets: what each administrator has on their Home (S6.7).

use crate::{
    App, Problem,
    draft::{Draft, Target},
    session::SignedIn,
};
use claviger_domain::{
    account::Kind,
    home::{Display, Widget},
    permission::{Granted, SeeHome},
};
use claviger_store::table::home_widget;
use serde_json::json;

/// The widgets that somebody can have.
fn of(me: &SignedIn) -> Vec<Widget> {
    match me.account.kind {
        Kind::Administrator { role } => Widget::of(role),
        Kind::User { .. } => Vec::new(),
    }
}

impl App {
    /// The widgets that the administrator's role can have, and whether they have them; on unless switched off.
    pub async fn home_widgets(
        &self,
        _: &Granted<SeeHome>,
        me: &SignedIn,
    ) -> Result<Vec<(Widget, Display)>, Problem> {
        let organization = self.organization().await?;
        let switched = home_widget::switched(&self.0.store, organization.id, me.account.id).await?;
        let display = |widget: Widget| {
            let found = switched.iter().find(|(switched, _)| *switched == widget);
            (widget, found.map_or(Display::On, |(_, display)| *display))
        };
        Ok(of(me).into_iter().map(display).collect())
    }

    /// Switches those in `on` on and the others off, as far as the role can have them.
    pub async fn choose_home_widgets(
        &self,
        _: &Granted<SeeHome>,
        me: &SignedIn,
        on: &[Widget],
    ) -> Result<(), Problem> {
        let mut draft = Draft::new(self, &me.actor).await?;
        let mut off = Vec::new();
        for widget in of(me) {
            let display = if on.contains(&widget) { Display::On } else { Display::Off };
            if display == Display::Off {
                off.push(widget.key());
            }
            draft.write(home_widget::switch(draft.organization.id, me.account.id, widget, display));
        }
        draft.log("home.widgets", &Target::from(&me.account), "success", json!({ "off": off }));
        draft.settle().await
    }
}
