import { get } from './api.js';
import { useResource } from './resource.js';

/** The teams that the token may see; `nameOf` answers the id itself for one that is not known yet. */
export function useTeams() {
  const { data } = useResource(signal => get('/api/teams?limit=200', { signal }), []);
  const items = data?.items ?? [];
  return { items, nameOf: id => items.find(team => team.id === id)?.name ?? id };
}
