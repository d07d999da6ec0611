import { expect, test } from 'vitest'
import { barOf, chartOf, progressOf } from './chart.ts'
import { Screen } from './screen.ts'

const origins = [
  { origin: 'ORD', flightCount: 1200, delayMinutes: 12_600 },
  { origin: 'ATL', flightCount: 300, delayMinutes: -150 },
]

function screenOn(isTTY: boolean, env: Record<string, string> = {}) {
  let text = ''
  const screen = new Screen({ isTTY, columns: 60, rows: 20, write: (more: string) => (text += more) }, env)
  return { screen, text: () => text }
}

test('bars are to an eighth of a column', () => {
  expect(barOf(3)).toBe('███')
  expect(barOf(2.5)).toBe('██▌')
  expect(barOf(0)).toBe('')
  expect(progressOf(0.5, 4)).toBe('██░░  50 %')
})

test('the chart has a line for each origin and one for all, and stays inside the screen', () => {
  const { screen } = screenOn(false)
  const lines = chartOf(origins, screen.style, screen)
  expect(lines).toHaveLength(4)
  expect(lines[1]).toMatch(/^ORD +█+ +1,200 +\+10\.5 min$/)
  expect(lines[2]).toMatch(/^ATL +█+.* +300 +-0\.5 min$/)
  expect(lines[3]).toMatch(/^all +2 airports +1,500 +\+8\.3 min$/)
  expect(Math.max(...lines.map(line => line.length))).toBeLessThanOrEqual(60)
  expect(chartOf(origins, screen.style, { columns: 60, rows: 3 })).toHaveLength(3)
})

test('a terminal gets colours and a block that is drawn over; a pipe and NO_COLOR get none', () => {
  const live = screenOn(true)
  live.screen.draw(['a', 'b'])
  live.screen.draw(['c', 'd'])
  expect(live.text()).toContain('\u001b[2A')
  expect(live.screen.style.red('x')).toBe('\u001b[31mx\u001b[39m')
  expect(screenOn(true, { NO_COLOR: '1' }).screen.style.red('x')).toBe('x')
  const piped = screenOn(false)
  piped.screen.draw(['a'])
  piped.screen.print(piped.screen.style.bold('b'))
  expect(piped.text()).toBe('b\n')
})
