// What the gateway tells the shop by itself: that an order was paid, also where the buyer's browser never came back, and that the
// money for one went back.

import { Webhook, WebhookVerificationError } from "standardwebhooks";

/** Takes a delivery; gives the status to answer with. What is answered with 2xx is not delivered again. */
export async function receive(request, body, { settings, offers, orders }) {
  let event;
  try {
    event = new Webhook(settings.webhookSecret).verify(body, request.headers);
  } catch (error) {
    if (error instanceof WebhookVerificationError) return 400;
    throw error;
  }
  const delivery = request.headers["webhook-id"];
  if (orders.knows(delivery)) return 204;
  if (event.type === "purchase.paid") orders.settle(await offers.salesOf(event.data.receipt));
  if (event.type === "refund.made") orders.takeBack(event.data.offer_id);
  orders.take(delivery);
  return 204;
}
