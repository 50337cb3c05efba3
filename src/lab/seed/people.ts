/** The people of the lab. Sanna keeps the server; the other two are the ones the launcher can be opened as. */
export const people = {
  operator: { id: 'jonas', name: 'Jonas Lindqvist', roles: ['operator'], groups: ['web'] },
  analyst: { id: 'mira', name: 'Mira Okafor', roles: ['analyst'], groups: ['security'] },
  engineer: { id: 'sanna', name: 'Sanna Virtanen', roles: ['engineer'], groups: ['platform'] },
} as const;

export type Persona = 'operator' | 'analyst';

export function isPersona(text: string): text is Persona {
  return text === 'operator' || text === 'analyst';
}
