import type { WhoamiAnswer } from '../../api/whoami.ts';
import type { RequestError } from './request.ts';
import { getJson } from './request.ts';
import { useResource } from './resource.ts';
import { place } from './router.ts';

/** Says what could not be shown, and what to do; for a reader who is not signed in, how to sign in. */
export function Problem({ error }: { error: RequestError }) {
  if (error.status === 401) return <SignIn />;
  return (
    <div class="problem" role="alert">
      <strong>{error.status === 0 ? 'No connection.' : 'This cannot be shown.'}</strong> {error.message}
      {error.status === 0 && ' The page tries again by itself.'}
    </div>
  );
}

/** This page, as an address below the base, so that sign-in leads back to it. */
const here = () => `/${place.value.path}${location.search}`;

function SignIn() {
  const { value } = useResource('whoami', (signal) => getJson<WhoamiAnswer>('v1/whoami', {}, signal));
  const hasProvider = value?.ways.some(({ way, state }) => way === 'oidc' && state === 'on');
  return (
    <div class="problem" role="alert">
      <strong>The service does not know who you are.</strong> {value?.why}
      <ul>
        {hasProvider && (
          <li>
            <a href={`v1/oidc/sign-in?return_to=${encodeURIComponent(here())}`}>Sign in</a>
          </li>
        )}
        <li>
          On a node of the cluster, run <code>hpc-observe login</code> and open the link that it prints.
        </li>
      </ul>
    </div>
  );
}
