// The text format 0.0.4: https://prometheus.io/docs/instrumenting/exposition_formats/

/** Escapes a label value: backslash, double quote and line feed. */
export function escapeLabel(value: string): string {
  return /[\\"\n]/.test(value)
    ? value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
    : value;
}

/** The two lines that open a family. */
export function openFamily(name: string, type: 'gauge' | 'counter' | 'histogram', help: string): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
}
