/** The schema that holds every table of the orchestrator; the role of the same name owns it. */
export const SCHEMA = 'orchestrator';
