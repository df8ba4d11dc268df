/** The words for {@link InvocationPolicy}. */
const INVOCATION_POLICIES = ['single', 'roundrobin', 'random', 'first', 'last'] as const;

/** How the callees of one procedure share its calls [WAMP AP Shared Registration]. */
export type InvocationPolicy = (typeof INVOCATION_POLICIES)[number];

/** Whether a text is one of those words. */
export function isInvocationPolicy(text: string): text is InvocationPolicy {
  return (INVOCATION_POLICIES as readonly string[]).includes(text);
}
