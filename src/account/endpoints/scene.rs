//! `POST /api/users/{uuid}/scene_personalisation`: chooses a dashboard for a scene.

use serde_json::{Number, Value};

#[cfg(test)]
use crate::account::endpoints::{openapi, representation};
#[cfg(test)]
use crate::account::scene::DashboardId;
use crate::account::scene::MAX_SCENES;
use crate::account::store::{SceneOutcome, personalise_scene, read_scene_target};
use crate::account::{Fields, Invalid};
use crate::kernel::audit::Action;
use crate::kernel::number::{MAX_SAFE_INTEGER, integral};
#[cfg(test)]
use crate::web::openapi::{OperationDoc, Spec, example};
use crate::web::{ApiError, Call, Reply, Route, handler};

use crate::account::endpoints::error::no_account;
use crate::account::endpoints::representation::full_user;
use crate::account::endpoints::{Access, PersonCaller};

pub const ROUTE: Route = Route::post(
    "/api/users/{uuid}/scene_personalisation",
    "personaliseScene",
    handler!(handle: PersonCaller, Access::Change),
);

const DASHBOARD: &str = "dashboard";
const SCENE: &str = "scene";
const MAX_SCENE_CHARS: usize = 200;

async fn handle(call: Call<PersonCaller>) -> Result<Reply, ApiError> {
    let selector = call.caller.select(call.path("uuid")?)?;
    // The body is read before the account is, but its errors are not for callers without access.
    let choice = call.fields().and_then(|fields| Ok(read(&fields)?));
    let dashboard = choice.as_ref().ok().map(|(_, dashboard)| *dashboard);
    let database = call.services.database()?;
    let target = read_scene_target(&database, &selector, dashboard).await?;
    let account = call.caller.authorize(target)?;
    let (scene, dashboard) = choice?;
    match (account.details.dashboard_team, account.details.team) {
        (None, _) => {
            let detail = "There is no such dashboard.";
            return Err(Invalid::new(DASHBOARD, "does_not_exist", detail).into());
        }
        (Some(theirs), own) if own != Some(theirs) => return Err(another_team().into()),
        _ => {}
    }
    let entry = account
        .audit(&call, call.now())
        .entry(Action::PersonaliseScene, "dashboard chosen");
    match personalise_scene(&database, account.user(), &scene, dashboard, &entry).await? {
        SceneOutcome::Changed(user) => Ok(full_user(&user.person, user.details)),
        SceneOutcome::OtherTeam => Err(another_team().into()),
        SceneOutcome::UserGone => Err(no_account()),
        SceneOutcome::TooMany => {
            let detail = format!("At most {MAX_SCENES} scenes can be personalised.");
            Err(Invalid::new(SCENE, "invalid_input", detail).into())
        }
    }
}

/// The scene and its dashboard. Missing fields have messages of their own, the dashboard's first.
fn read(fields: &Fields) -> Result<(String, i64), Invalid> {
    if fields.get(DASHBOARD).is_none() {
        return Err(Invalid::input(DASHBOARD, "Dashboard must be provided."));
    }
    if fields.get(SCENE).is_none() {
        return Err(Invalid::input(SCENE, "Scene must be provided."));
    }
    let dashboard = dashboard(fields)?;
    let scene = fields.text(SCENE, MAX_SCENE_CHARS)?;
    Ok((scene.to_owned(), dashboard))
}

/// An id, as a number or as its digits.
fn dashboard(fields: &Fields) -> Result<i64, Invalid> {
    let id = match fields.get(DASHBOARD) {
        Some(Value::Null) => return Err(Invalid::null(DASHBOARD)),
        Some(Value::Number(number)) => integer(number),
        Some(Value::String(text)) => canonical(text),
        _ => None,
    };
    id.filter(|id| (0..=MAX_SAFE_INTEGER).contains(id))
        .ok_or_else(|| {
            let detail = "Incorrect type. Expected a dashboard's id.";
            Invalid::new(DASHBOARD, "incorrect_type", detail)
        })
}

fn integer(number: &Number) -> Option<i64> {
    number.as_i64().or_else(|| integral(number.as_f64()?))
}

fn canonical(text: &str) -> Option<i64> {
    let id: i64 = text.parse().ok()?;
    (id.to_string() == text).then_some(id)
}

fn another_team() -> Invalid {
    let detail = "Dashboard must belong to the user's current team.";
    Invalid::input(DASHBOARD, detail)
}

#[cfg(test)]
fn openapi(spec: &mut Spec) -> OperationDoc {
    /// Which dashboard a page of the app starts with. Team and user are the caller's, whatever the
    /// body says.
    #[derive(schemars::JsonSchema)]
    #[expect(dead_code)]
    struct PersonaliseScene {
        /// The page of the app.
        #[schemars(length(min = 1, max = MAX_SCENE_CHARS))]
        scene: String,
        /// The id of a dashboard of the user's present team, as a number or in plain decimal digits.
        dashboard: DashboardIdText,
    }

    #[derive(schemars::JsonSchema)]
    #[schemars(untagged, inline)]
    #[expect(dead_code)]
    enum DashboardIdText {
        Number(DashboardId),
        Digits(#[schemars(regex(pattern = "^[1-9][0-9]*$"))] String),
    }

    OperationDoc::new(
        "Account security",
        "Chooses the dashboard a page starts with",
        "One dashboard for each page, team and user; another one takes its place in the list. An \
         unknown dashboard is does_not_exist, one of another team invalid_input, as is a scene \
         beyond the first 200.",
    )
    .parameter(openapi::uuid())
    .body(
        spec.body::<PersonaliseScene>()
            .example("home", example!({ "scene": "Home", "dashboard": 7 })),
    )
    .answer(
        spec.json::<representation::FullUserBody>(200, "The user, with the choice.")
            .example("jane", representation::example_user()),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parse(value: Value) -> Result<i64, &'static str> {
        let body = json!({ DASHBOARD: value });
        let fields: Fields = body.as_object().unwrap().clone().into();
        dashboard(&fields).map_err(|fault| fault.code)
    }

    #[test]
    fn an_id_is_a_number_or_its_digits() {
        assert_eq!(parse(json!(7)), Ok(7));
        assert_eq!(parse(json!("7")), Ok(7));
        assert_eq!(parse(json!(7.0)), Ok(7));
        assert_eq!(
            parse(json!(9_007_199_254_740_991_u64)),
            Ok(MAX_SAFE_INTEGER)
        );
        assert_eq!(parse(json!(null)), Err("null"));
        for bad in [
            json!(-1),
            json!(1.5),
            json!(true),
            json!("07"),
            json!("+7"),
            json!(" 7"),
            json!(""),
            json!("７"),
            json!([7]),
            json!({"id": 7}),
            json!(9_007_199_254_740_992_u64),
            json!(u64::MAX),
        ] {
            assert_eq!(parse(bad.clone()), Err("incorrect_type"), "{bad}");
        }
    }
}
