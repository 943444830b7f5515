//! Webhooks: every endpoint was told of what it wanted to know, and took what is called delivered.

use super::{Finding, count, first_bad};
use crate::{Connection, StoreError};

/// Every placed event has its delivery to each endpoint that wanted it, as far as the endpoint was taken along the
/// stream, and what was delivered has an answer that says so.
pub(super) fn deliveries(conn: &mut Connection) -> Result<Finding, StoreError> {
    let untold = "\
        SELECT webhook.id || ' was not told of ' || event.id AS bad FROM webhook \
        JOIN event_placed ON event_placed.merchant = webhook.merchant \
        AND event_placed.position > webhook.first_position AND event_placed.position <= webhook.position \
        JOIN event ON event.id = event_placed.event \
        LEFT JOIN webhook_delivery ON webhook_delivery.webhook = webhook.id AND webhook_delivery.event = event.id \
        WHERE webhook_delivery.id IS NULL AND NOT webhook.deleted \
        AND (webhook.kinds = '[\"*\"]' OR webhook.kinds LIKE '%\"' || event.kind || '\"%') \
        ORDER BY webhook.id, event_placed.position LIMIT 1";
    let untaken = "\
        SELECT webhook_delivery.id || ' was delivered without an answer' AS bad FROM webhook_delivery \
        LEFT JOIN webhook_attempt ON webhook_attempt.delivery = webhook_delivery.id \
        AND webhook_attempt.status >= 200 AND webhook_attempt.status < 300 \
        WHERE webhook_delivery.state = 'delivered' AND webhook_attempt.id IS NULL \
        ORDER BY webhook_delivery.id LIMIT 1";
    let examined = count(conn, "SELECT COUNT(*) AS n FROM webhook_delivery")?;
    let mut finding = Finding { examined, bad: first_bad(conn, untold)? };
    let untaken = first_bad(conn, untaken)?;
    finding.saw(0, untaken);
    Ok(finding)
}
