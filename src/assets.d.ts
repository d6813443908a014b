/** Files that the bundler puts into the executable as text. */
declare module '*.service' {
  const text: string;
  export default text;
}

declare module '*.yml' {
  const text: string;
  export default text;
}

declare module '*.conf' {
  const text: string;
  export default text;
}

declare module '*.toml' {
  const text: string;
  export default text;
}

declare module '*.md' {
  const text: string;
  export default text;
}

declare module '*.sql' {
  const text: string;
  export default text;
}

declare module '*.sh' {
  const text: string;
  export default text;
}

declare module '*.bash' {
  const text: string;
  export default text;
}

declare module '*.zsh' {
  const text: string;
  export default text;
}

declare module '*.fish' {
  const text: string;
  export default text;
}

declare module '*.erb' {
  const text: string;
  export default text;
}

/** Files that the executable serves from inside itself; the import is their path. */
declare module 'swagger-ui-dist/swagger-ui-bundle.js' {
  const path: string;
  export default path;
}
declare module 'swagger-ui-dist/swagger-ui.css' {
  const path: string;
  export default path;
}

/** The default metrics of prom-client, one a file; its own types name only the whole set. */
declare module 'prom-client/lib/metrics/*' {
  const add: (registry: import('prom-client').Registry) => void;
  export default add;
}
