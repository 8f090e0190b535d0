import type { HttpRequest, UserInfo } from "../../base/http.ts";
import type { Clock } from "../../base/world.ts";
import type { Authorization } from "../http/handler.ts";
import type { Route } from "../http/route.ts";
import type { ServerMetrics } from "./server_metrics.ts";

type Authenticate = (request: HttpRequest) => Promise<UserInfo | undefined>;
type Authorize = (user: UserInfo, route: Route) => Authorization;

/** Users that are told by name: those of whom every cluster has one. */
const namedUsers = new Set(["admin", "system:anonymous", "system:apiserver", "system:kube-scheduler"]);

/** Authentication, with its outcomes and times counted. */
export function timedAuthentication(authenticate: Authenticate, metrics: ServerMetrics, clock: Clock): Authenticate {
  return async (request) => {
    const began = clock.monotonicMs();
    let result = "error";
    try {
      const user = await authenticate(request);
      result = user ? "success" : "failure";
      if (user) metrics.users.add([namedUsers.has(user.username) ? user.username : "other"]);
      return user;
    } finally {
      metrics.authentications.add([result]);
      metrics.authenticationSeconds.observe([result], (clock.monotonicMs() - began) / 1000);
    }
  };
}

/** Authorization, with its outcomes and times counted. */
export function timedAuthorization(authorize: Authorize, metrics: ServerMetrics, clock: Clock): Authorize {
  return (user, route) => {
    const began = clock.monotonicMs();
    const answer = authorize(user, route);
    const result = answer.refusal ? "denied" : "allowed";
    metrics.authorizations.add([result]);
    metrics.authorizationSeconds.observe([result], (clock.monotonicMs() - began) / 1000);
    return answer;
  };
}
