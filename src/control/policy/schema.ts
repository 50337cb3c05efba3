/**
 * What a policy may speak of, in Cedar's schema language (Cedar 4). `policy.ts` holds the same as types: change both. Policies of `sallyport
 * apply` are validated against it, strictly: one that names anything else is refused.
 *
 * Labels of a target are tags: `resource.hasTag("env") && resource.getTag("env") == "lab"`. The same of a recording, session or lock:
 * `resource.target.hasTag("env")`.
 *
 * `context.granted` of Connect: an approved access request of this person covers this login of this target now.
 */
export const cedarSchema = `
entity Role;
entity Group;
entity User in [Role, Group] { name: String };
entity Target { name: String, address: String, production: Bool, route: String, owner?: String } tags String;
entity Recording { owner: User, target: Target, login: String };
entity Session { owner: User, target: Target, login: String };
entity Request { owner: User, target: Target, login: String, seconds: Long };
entity Lock { user: User, target: Target };
entity Server;

action SeeTarget appliesTo { principal: User, resource: Target };
action Connect appliesTo { principal: User, resource: Target, context: { login: String, granted: Bool } };
action RequestAccess appliesTo { principal: User, resource: Target, context: { login: String } };
action DecideRequest appliesTo { principal: User, resource: Request };
action ListRecordings, ReadRecording, ReviewRecording, HoldRecording appliesTo { principal: User, resource: Recording };
action UnlockRecording appliesTo { principal: User, resource: Recording, context: { stream: String } };
action SeeSessions, KillSession appliesTo { principal: User, resource: Session };
action LiftLock appliesTo { principal: User, resource: Lock };
action Administer, ReadAudit appliesTo { principal: User, resource: Server };
`;
