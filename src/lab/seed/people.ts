/** The people of the lab, one of each role. Sanna keeps the server; the launcher can be opened as the first two. */
export const people = {
  operator: { id: 'jonas', name: 'Jonas Lindqvist', roles: ['operator'], groups: ['web'] },
  analyst: { id: 'mira', name: 'Mira Okafor', roles: ['analyst'], groups: ['security'] },
  approver: { id: 'anke', name: 'Anke de Vries', roles: ['approver'], groups: ['operations'] },
  helpDesk: { id: 'henrik', name: 'Henrik Dahl', roles: ['help-desk'], groups: ['service'] },
  auditor: { id: 'nils', name: 'Nils Aalto', roles: ['auditor'], groups: [] },
  vendor: { id: 'pavel', name: 'Pavel Novak', roles: ['vendor'], groups: ['kestrel'] },
  engineer: { id: 'sanna', name: 'Sanna Virtanen', roles: ['engineer'], groups: ['platform'] },
} as const;

export type Persona = 'operator' | 'analyst';

export function isPersona(text: string): text is Persona {
  return text === 'operator' || text === 'analyst';
}
