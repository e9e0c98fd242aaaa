/** Slack, Amazon SNS, CloudEvents, Standard Webhooks, and whoever sends JSON. */

import { printJson } from "../../core/json.ts";
import { JSON_TYPE, type Sender } from "./sender.ts";
import { ADA, BRANCH, REPOSITORY, SHA, WHEN } from "./world.ts";

const TEAM = "T0EXAMPLE";
const command = new URLSearchParams({
  ...{ token: "deprecated", team_id: TEAM, team_domain: "example-shop", channel_id: "C0EXAMPLE" },
  ...{ channel_name: "deploys", user_id: "U0EXAMPLE", user_name: ADA.login, command: "/deploy" },
  ...{ text: "storefront staging", api_app_id: "A0EXAMPLE", is_enterprise_install: "false" },
  ...{ response_url: "https://hooks.slack.example/commands/1", trigger_id: "1.2.3" },
}).toString();

export const slack: Sender = {
  name: "slack",
  scheme: "slack",
  events: ["command", "event_callback", "app_mention", "url_verification"],
  headers: (event) => ({
    "content-type": event === "command" ? "application/x-www-form-urlencoded" : "application/json",
    "user-agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
  }),
  payload(event, id) {
    if (event === "command") return command;
    if (event === "url_verification")
      return { token: "deprecated", challenge: "an-example-challenge", type: event };
    if (event !== "event_callback" && event !== "app_mention") return undefined;
    const seconds = Math.floor(Date.parse(WHEN.later) / 1_000);
    return {
      ...{ token: "deprecated", team_id: TEAM, api_app_id: "A0EXAMPLE", type: "event_callback" },
      event: {
        ...{
          type: "app_mention",
          user: "U0EXAMPLE",
          text: "<@U0BOT> deploy storefront",
          ts: `${seconds}.000100`,
        },
        ...{ channel: "C0EXAMPLE", event_ts: `${seconds}.000100` },
      },
      ...{ event_id: id, event_time: seconds, is_ext_shared_channel: false, event_context: "4-example" },
      authorizations: [
        { enterprise_id: null, team_id: TEAM, user_id: "U0BOT", is_bot: true, is_enterprise_install: false },
      ],
    };
  },
};

const TOPIC_ARN = "arn:aws:sns:eu-central-1:123456789012:storefront";
const CERTIFICATE = "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-example.pem";

export const sns: Sender = {
  name: "sns",
  events: ["Notification", "SubscriptionConfirmation", "UnsubscribeConfirmation"],
  headers: (event, id) => ({
    "content-type": "text/plain; charset=UTF-8",
    "user-agent": "Amazon Simple Notification Service Agent",
    "x-amz-sns-message-type": event,
    "x-amz-sns-message-id": id,
    "x-amz-sns-topic-arn": TOPIC_ARN,
    "x-amz-sns-subscription-arn": `${TOPIC_ARN}:c9135db0-26c4-47ec-8998-413945fb5a96`,
  }),
  payload(event, id) {
    const signature = {
      Timestamp: WHEN.later,
      SignatureVersion: "2",
      Signature: "ZXhhbXBsZQ==",
      SigningCertURL: CERTIFICATE,
    };
    const base = { Type: event, MessageId: id, TopicArn: TOPIC_ARN };
    if (event === "Notification") {
      const message = {
        source: "aws.codecommit",
        region: "eu-central-1",
        detail: { referenceName: BRANCH, commitId: SHA.after },
      };
      const stop = "https://sns.eu-central-1.amazonaws.com/?Action=Unsubscribe&SubscriptionArn=example";
      return {
        ...base,
        Subject: "storefront",
        Message: printJson(message),
        ...signature,
        UnsubscribeURL: stop,
      };
    }
    if (event !== "SubscriptionConfirmation" && event !== "UnsubscribeConfirmation") return undefined;
    const subscribe = "https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&Token=example";
    return {
      ...base,
      Token: "example",
      Message: "Visit the URL to confirm.",
      SubscribeURL: subscribe,
      ...signature,
    };
  },
};

export const cloudevents: Sender = {
  name: "cloudevents",
  events: ["any type, such as com.example.built"],
  headers: (event, id) => ({
    ...JSON_TYPE,
    "ce-specversion": "1.0",
    "ce-type": event,
    "ce-source": "/sluice/send",
    "ce-id": id,
    "ce-time": WHEN.later,
    "ce-subject": REPOSITORY.full,
  }),
  payload: () => ({
    ...{ message: "hello from sluice send", repository: REPOSITORY.full, revision: SHA.after },
  }),
};

export const standardWebhooks: Sender = {
  name: "standard-webhooks",
  scheme: "standard-webhooks",
  events: ["any type, such as order.paid"],
  headers: (_event, id) => ({ ...JSON_TYPE, "webhook-id": id }),
  payload: (event) => ({ type: event, timestamp: WHEN.later, data: { id: "order-7", total: 4_200 } }),
};

export const generic: Sender = {
  name: "generic",
  events: ["any"],
  headers: () => JSON_TYPE,
  payload: () => ({}),
};
