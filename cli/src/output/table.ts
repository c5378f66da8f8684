/** Plain tables for people. Pure. */

export type Cell = string | number;

export interface Column<Row> {
  title: string;
  cell: (row: Row) => Cell;
}

/** Numbers stand to the right, text to the left; two spaces between. */
export function table<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const body = rows.map((row) => columns.map(({ cell }) => cell(row)));
  const widths = columns.map(({ title }, at) =>
    Math.max(title.length, ...body.map((cells) => printable(cells[at]).length)),
  );
  const isRight = columns.map(
    (_, at) => body.length > 0 && body.every((cells) => typeof cells[at] === 'number' || startsAsFigure(cells[at])),
  );
  const line = (cells: readonly (Cell | undefined)[]) =>
    cells
      .map((cell, at) => {
        const width = widths[at] as number;
        return isRight[at] ? printable(cell).padStart(width) : printable(cell).padEnd(width);
      })
      .join('  ')
      .trimEnd();
  return [line(columns.map(({ title }) => title)), ...body.map(line)].join('\n');
}

function startsAsFigure(cell: Cell | undefined): boolean {
  return typeof cell === 'string' && /^\d+(\.\d+)?( ?[A-Za-z%]+)?$/.test(cell);
}

/** Names come from users: what would move a terminal's cursor or turn its text around is shown, not obeyed. */
export function printable(text: Cell | undefined): string {
  return String(text ?? '').replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => {
    return `\\u${(character.codePointAt(0) as number).toString(16).padStart(4, '0')}`;
  });
}

/** `2026-03-01 12:00:05`, in UTC. */
export function timeText(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19).replace('T', ' ');
}
