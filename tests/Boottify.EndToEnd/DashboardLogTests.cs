using System.Text.Json;
using Microsoft.Playwright;

namespace Boottify.EndToEnd;

/// <summary>The log's own parts, in the browser that will run them.</summary>
public sealed class DashboardLogTests(Platform platform, Browser browser)
{
    private const string Modules = "document.querySelector('script[type=module]').src.replace('boot.js', '')";

    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("\u001b[31mred\u001b[0m x", "red:fg1| x")]
    [InlineData("\u001b[1;32mboth\u001b[22mgreen\u001b[39mnone", "both:fg2 bold|green:fg2|none")]
    [InlineData("\u001b[38;5;196mred\u001b[48;2;0;0;255mon blue", "red:fg9|on blue:fg9 bg12")]
    [InlineData("10%\r50%\r100%\r", "100%")]
    [InlineData("a\u001b[2Kb\u001b]0;title\u0007c\u001b]8;;http://x\u001b\\d", "a|b|c|d")]
    [InlineData("\u202eevil\u0007\u0000", "\ufffdevil")]
    [InlineData("\u001b[31", "31")]
    public async Task Terminal_output_becomes_text_and_looks_and_nothing_else(string line, string runs)
    {
        await using var tab = await OpenAsync();
        var shown = await tab.Page.EvaluateAsync<string>(
            $"async line => (await import({Modules} + 'log/ansi.js')).runsOf(line).map(run => run.look ? `${{run.text}}:${{run.look}}` : run.text).join('|')", line);
        // What is left of an escape that was cut off carries no look.
        shown.Replace("[", "", StringComparison.Ordinal).Should().Be(runs);
    }

    [Fact]
    public async Task A_log_of_a_million_lines_keeps_few_rows_in_the_document_and_few_pages_in_memory_wherever_one_scrolls()
    {
        await using var tab = await OpenAsync();
        var seen = await tab.Page.EvaluateAsync<JsonElement>(
            $$"""
            async () => {
              const { LogView } = await import({{Modules}} + 'log/log-view.js');
              const total = 1_000_000;
              const load = async (after, limit) => ({ next: null, lines: Array.from({ length: Math.max(0, Math.min(limit, total - after)) },
                (_, i) => ({ n: after + i + 1, at: new Date(0).toISOString(), step: 'build', stream: 'stdout', text: `line ${after + i + 1}` })) });
              const panel = Object.assign(document.createElement('section'), { className: 'log' });
              const frame = Object.assign(document.createElement('div'), { className: 'lines' });
              frame.style.position = 'fixed';
              panel.append(frame);
              document.body.append(panel);
              const view = new LogView(frame, { load, rowHeight: 20, on: { isLive: () => false, change() {} } });
              const seen = { count: await view.store.measure(), rows: 0, pages: 0, wrong: [] };
              const settled = async n => {
                for (let tries = 0; tries < 200; tries++) {
                  await new Promise(requestAnimationFrame);
                  const row = frame.querySelector(`.row[data-n="${n}"]:not(.missing)`);
                  seen.rows = Math.max(seen.rows, frame.querySelectorAll('.row').length);
                  seen.pages = Math.max(seen.pages, view.store.pages.size);
                  if (row && row.querySelector('.text').textContent === `line ${n}`) {
                    const box = row.getBoundingClientRect();
                    if (box.top >= -20 && box.bottom <= innerHeight + 20) return;
                  }
                }
                seen.wrong.push(n);
              };
              for (let i = 0; i < 150; i++) { const n = 1 + (i * 654_321) % total; view.reveal(n); await settled(n); }
              frame.scrollTop = frame.scrollHeight; await settled(total);
              frame.scrollTop = 0; await settled(1);
              for (let i = 0; i < 200; i++) { frame.scrollTop += 300; await new Promise(requestAnimationFrame); }
              await settled(1 + 200 * 300 / 20);
              view.close();
              return seen;
            }
            """);
        seen.GetProperty("count").GetInt32().Should().Be(1_000_000);
        seen.GetProperty("wrong").GetArrayLength().Should().Be(0, "every line that was scrolled to was on screen with its own text: {0}", seen);
        seen.GetProperty("rows").GetInt32().Should().BeLessThan(120);
        seen.GetProperty("pages").GetInt32().Should().BeLessThanOrEqualTo(80);
        tab.Errors.Should().BeEmpty();
    }

    private async Task<Tab> OpenAsync()
    {
        var tab = await browser.OpenAsync();
        await tab.Page.GotoAsync(platform.Url.ToString());
        // Once the page shows something, all its modules are there, and it does not load itself again.
        await Assertions.Expect(tab.Page.GetByLabel("Access token")).ToBeVisibleAsync();
        return tab;
    }
}
