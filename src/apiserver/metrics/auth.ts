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
  const series = (result: string) => ({
    count: metrics.authentications.of([result]),
    seconds: metrics.authenticationSeconds.of([result]),
  });
  const outcomes = { success: series("success"), failure: series("failure"), error: series("error") };
  return async (request) => {
    const began = clock.monotonicMs();
    let result: keyof typeof outcomes = "error";
    try {
      const user = await authenticate(request);
      result = user ? "success" : "failure";
      if (user) metrics.users.add([namedUsers.has(user.username) ? user.username : "other"]);
      return user;
    } finally {
      outcomes[result].count.add(1);
      outcomes[result].seconds.observe((clock.monotonicMs() - began) / 1000);
    }
  };
}

/** Authorization, with its outcomes and times counted. */
export function timedAuthorization(authorize: Authorize, metrics: ServerMetrics, clock: Clock): Authorize {
  const series = (result: string) => ({
    count: metrics.authorizations.of([result]),
    seconds: metrics.authorizationSeconds.of([result]),
  });
  const outcomes = { denied: series("denied"), allowed: series("allowed") };
  return (user, route) => {
    const began = clock.monotonicMs();
    const answer = authorize(user, route);
    const { count, seconds } = answer.refusal ? outcomes.denied : outcomes.allowed;
    count.add(1);
    seconds.observe((clock.monotonicMs() - began) / 1000);
    return answer;
  };
}
