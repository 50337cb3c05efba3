import { type ReactNode, useMemo } from 'react';
import css from './first-run.module.css';

const width = 760;
const height = 900;
const ground = 791;
const course = 40;
const centre = 390.5;
const springing = 492;
const outer = 176;
const inner = 126;

interface Brick {
  x: number;
  y: number;
  w: number;
  fill: string;
}

/** The same wall every time: a small generator instead of chance. */
function makeBricks(): Brick[] {
  let seed = 20_417;
  const next = () => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return seed / 2_147_483_648;
  };
  const bricks: Brick[] = [];
  for (let y = 0; y < ground; y += course) {
    let x = -Math.floor(next() * 90);
    while (x < width) {
      const w = 52 + Math.floor(next() * 96);
      const shade = next();
      bricks.push({ x, y, w, fill: shade > 0.9 ? 'var(--brick-3)' : shade > 0.7 ? 'var(--brick-2)' : 'var(--brick)' });
      x += w;
    }
  }
  return bricks;
}

const polar = (radius: number, degrees: number) => {
  const angle = (degrees * Math.PI) / 180;
  return `${(centre + radius * Math.cos(angle)).toFixed(1)} ${(springing - radius * Math.sin(angle)).toFixed(1)}`;
};

/** The stones of the arch, from the right springing over the keystone to the left one. */
function Voussoirs() {
  const cuts = [0, 24, 44, 62, 81, 99, 118, 136, 156, 180];
  return cuts.slice(0, -1).map((from, index) => {
    const to = cuts[index + 1] ?? 180;
    const key = index === 4;
    const reach = key ? outer + 2 : outer;
    return (
      <path
        key={from}
        d={`M${polar(inner, from)}L${polar(reach, from)}A${reach} ${reach} 0 0 0 ${polar(reach, to)}L${polar(inner, to)}A${inner} ${inner} 0 0 1 ${polar(inner, from)}Z`}
        fill={key ? 'var(--jamb-key)' : 'var(--jamb)'}
        stroke="var(--gap)"
        strokeWidth="2"
      />
    );
  });
}

function Jambs() {
  const stones: ReactNode[] = [];
  for (let y = springing; y < 770; y += 46.4) {
    const h = Math.min(46.4, 770 - y);
    for (const x of [centre - outer, centre + inner]) {
      stones.push(
        <rect
          key={`${x} ${y}`}
          x={x}
          y={y}
          width={outer - inner}
          height={h}
          fill="var(--jamb)"
          stroke="var(--gap)"
          strokeWidth="1.5"
        />,
      );
    }
  }
  return stones;
}

/** A door ajar in a wall, with lamplight behind it. Decoration: it has no name. */
export function Door() {
  const bricks = useMemo(makeBricks, []);
  const left = centre - inner;
  const right = centre + inner;
  const edge = 342;
  const opening = `M${left} 770V${springing}A${inner} ${inner} 0 0 1 ${right} ${springing}V770Z`;
  return (
    <svg
      className={css.wall}
      viewBox={`0 0 ${width} ${height}`}
      preserveAspectRatio="xMidYMax slice"
      aria-hidden="true"
    >
      <defs>
        <linearGradient id="lamp" x1="0" x2="1">
          <stop offset="0" stopColor="var(--lamp-a)" />
          <stop offset="1" stopColor="var(--lamp-b)" />
        </linearGradient>
        <linearGradient id="beam" x1="0" x2="0" y1="0" y2="1">
          <stop offset="0" stopColor="var(--beam)" stopOpacity=".62" />
          <stop offset="1" stopColor="var(--beam)" stopOpacity="0" />
        </linearGradient>
        <clipPath id="opening">
          <path d={opening} />
        </clipPath>
      </defs>
      {/* Above the picture's own height too: a tall window shows more wall, not a gap. */}
      <rect y={-course * 12} width={width} height={ground + course * 12} fill="var(--mortar)" />
      {bricks.map((brick) => (
        <rect
          key={`${brick.x} ${brick.y}`}
          x={brick.x + 1}
          y={brick.y + 1}
          width={brick.w - 2}
          height={course - 2}
          rx="1"
          fill={brick.fill}
        />
      ))}
      <rect y={ground} width={width} height={height - ground} fill="var(--ground)" />
      <Jambs />
      <Voussoirs />
      <g clipPath="url(#opening)">
        <rect x={left} y="360" width={right - left} height="420" fill="url(#lamp)" />
        <rect x={edge} y="360" width={right - edge} height="420" fill="var(--door)" />
        <path
          d={`M${edge + 44} 360V770M${edge + 87} 360V770M${edge + 131} 360V770`}
          stroke="var(--door-line)"
          strokeWidth="2"
        />
        <rect x={edge} y="455" width={right - edge} height="10" fill="var(--iron)" />
        <rect x={edge} y="675" width={right - edge} height="10" fill="var(--iron)" />
        <rect x="359" y="565" width="9" height="35" rx="2" fill="var(--iron)" />
      </g>
      <path d={opening} fill="none" stroke="var(--gap)" strokeWidth="2" />
      <rect x="187" y="770" width="407" height="21" fill="var(--sill)" />
      <rect x={left} y="770" width={edge - left} height="21" fill="var(--beam)" opacity=".5" />
      <path d={`M${left} ${ground}H${edge}L440 ${height}H142Z`} fill="url(#beam)" />
    </svg>
  );
}
