/** The people of the lab, one of each role. Sanna keeps the server; the launcher can be opened as `personas`. */
export const people = {
  operator: { id: 'jonas', name: 'Jonas Lindqvist', roles: ['operator'], groups: ['web'] },
  analyst: { id: 'mira', name: 'Mira Okafor', roles: ['analyst'], groups: ['security'] },
  approver: { id: 'anke', name: 'Anke de Vries', roles: ['approver'], groups: ['operations'] },
  helpDesk: { id: 'henrik', name: 'Henrik Dahl', roles: ['help-desk'], groups: ['service'] },
  auditor: { id: 'nils', name: 'Nils Aalto', roles: ['auditor'], groups: [] },
  vendor: { id: 'pavel', name: 'Pavel Novak', roles: ['vendor'], groups: ['kestrel'] },
  engineer: { id: 'sanna', name: 'Sanna Virtanen', roles: ['engineer'], groups: ['platform'] },
} as const;

export const personas = ['operator', 'analyst', 'helpDesk'] as const;
export type Persona = (typeof personas)[number];

export function isPersona(text: string): text is Persona {
  return personas.some((persona) => persona === text);
}
