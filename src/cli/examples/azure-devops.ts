/** Service hooks of Azure DevOps, with the fields of its documentation of events. Their event stands in the body alone. */

import type { JsonObject } from "../../core/json.ts";
import { JSON_TYPE, type Sender } from "./sender.ts";
import { ADA, BRANCH, LIN, MESSAGE, ORG, PULL, REPOSITORY, SHA, TOPIC, WHEN } from "./world.ts";

const SITE = `https://dev.azure.com/${ORG.path}`;
const REPO_ID = "66666666-0000-4000-8000-666666666666";
const api = `${SITE}/_apis/git/repositories/${REPO_ID}`;

const person = ({ login, name, email }: { login: string; name: string; email: string }): JsonObject => ({
  ...{ id: `77777777-0000-4000-8000-${login.padEnd(12, "0").replace(/[^0-9a-f]/g, "7")}`, displayName: name },
  ...{
    uniqueName: email,
    url: `${SITE}/_apis/Identities/${login}`,
    imageUrl: `${SITE}/_api/_common/identityImage`,
  },
});

const repository: JsonObject = {
  ...{ id: REPO_ID, name: REPOSITORY.name, url: api, defaultBranch: `refs/heads/${BRANCH}` },
  project: {
    ...{
      id: "88888888-0000-4000-8000-888888888888",
      name: "Shop",
      state: "wellFormed",
      visibility: "private",
    },
    ...{ url: `${SITE}/_apis/projects/Shop`, lastUpdateTime: WHEN.created },
  },
  ...{ remoteUrl: `${SITE}/Shop/_git/${REPOSITORY.name}`, size: 1_024, isDisabled: false },
  ...{
    sshUrl: `git@ssh.dev.azure.com:v3/${ORG.path}/Shop/${REPOSITORY.name}`,
    webUrl: `${SITE}/Shop/_git/${REPOSITORY.name}`,
  },
};

const who = { name: ADA.name, email: ADA.email, date: WHEN.committed };

const push: JsonObject = {
  commits: [
    {
      ...{ commitId: SHA.after, author: who, committer: who, comment: MESSAGE.second.trim() },
      url: `${api}/commits/${SHA.after}`,
    },
  ],
  refUpdates: [{ name: `refs/heads/${BRANCH}`, oldObjectId: SHA.before, newObjectId: SHA.after }],
  ...{ repository, pushedBy: person(ADA), pushId: 14, date: WHEN.pushed, url: `${api}/pushes/14` },
};

const at = (commitId: string): JsonObject => ({ commitId, url: `${api}/commits/${commitId}` });

const pull = (status: "active" | "completed"): JsonObject => ({
  ...{ repository, pullRequestId: PULL.number, codeReviewId: PULL.number, status, createdBy: person(ADA) },
  ...{ creationDate: WHEN.created, title: PULL.title, description: PULL.text, isDraft: false },
  ...(status === "completed" && { closedDate: WHEN.later }),
  ...{
    sourceRefName: `refs/heads/${TOPIC}`,
    targetRefName: `refs/heads/${BRANCH}`,
    mergeStatus: "succeeded",
  },
  ...{ mergeId: "99999999-0000-4000-8000-999999999999", lastMergeSourceCommit: at(SHA.topic) },
  ...{ lastMergeTargetCommit: at(SHA.before), lastMergeCommit: at(SHA.merged) },
  reviewers: [{ ...person(LIN), reviewerUrl: null, vote: 0, isContainer: false }],
  ...{ url: `${api}/pullRequests/${PULL.number}`, supportsIterations: true },
});

const build: JsonObject = {
  ...{ id: 2, buildNumber: "20260302.1", status: "completed", result: "succeeded", reason: "individualCI" },
  ...{ url: `${SITE}/_apis/build/Builds/2`, uri: "vstfs:///Build/Build/2", startTime: WHEN.pushed },
  ...{ finishTime: WHEN.later, queueTime: WHEN.pushed, sourceBranch: `refs/heads/${BRANCH}` },
  ...{
    sourceVersion: SHA.after,
    requestedFor: person(ADA),
    definition: { id: 1, name: "storefront", path: "\\" },
  },
  repository: {
    id: REPO_ID,
    type: "TfsGit",
    name: REPOSITORY.name,
    url: `${SITE}/Shop/_git/${REPOSITORY.name}`,
  },
};

const commented: JsonObject = {
  pullRequest: pull("active"),
  comment: {
    ...{ id: 2, parentCommentId: 0, author: person(LIN), content: "/retest", commentType: "text" },
    ...{ publishedDate: WHEN.later, lastUpdatedDate: WHEN.later },
  },
};

const RESOURCES: Readonly<Record<string, readonly [JsonObject, string]>> = {
  "git.push": [push, `${ADA.name} pushed updates to branch ${BRANCH}`],
  "git.pullrequest.created": [pull("active"), `${ADA.name} created a new pull request`],
  "git.pullrequest.updated": [pull("active"), `${ADA.name} updated the pull request`],
  "git.pullrequest.merged": [pull("completed"), `${ADA.name} has created a pull request merge commit`],
  "ms.vss-code.git-pullrequest-comment-event": [commented, `${LIN.name} has commented on a pull request`],
  "build.complete": [build, "Build 20260302.1 succeeded"],
};

export const azureDevops: Sender = {
  name: "azure-devops",
  scheme: "basic",
  events: Object.keys(RESOURCES),
  headers: () => ({ ...JSON_TYPE, "user-agent": "VSServices/sluice" }),
  payload(event, id) {
    const [resource, text] = (Object.hasOwn(RESOURCES, event) && RESOURCES[event]) || [];
    if (resource === undefined || text === undefined) return undefined;
    const said = { text, html: text, markdown: text };
    return {
      ...{ subscriptionId: "aaaaaaaa-0000-4000-8000-aaaaaaaaaaaa", notificationId: 1, id, eventType: event },
      ...{ publisherId: "tfs", scope: "all", message: said, detailedMessage: said, resource },
      resourceVersion: "1.0",
      resourceContainers: {
        collection: { id: "bbbbbbbb-0000-4000-8000-bbbbbbbbbbbb" },
        account: { id: "cccccccc-0000-4000-8000-cccccccccccc" },
        project: { id: "88888888-0000-4000-8000-888888888888" },
      },
      createdDate: WHEN.later,
    };
  },
};
