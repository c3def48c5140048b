using System.CommandLine;
using System.Text.Json;
using Spectre.Console;

namespace Boottify.Cli;

/// <summary><c>boottify domains APP [add|verify|remove HOST]</c>: an app's custom domains, how they stand and what to set in DNS.</summary>
internal static class DomainsCommand
{
    public static Command Create()
    {
        var app = new Argument<string>("app") { Description = "The app's id." };
        var command = new Command("domains", "List an app's domains, or add, verify or remove one.")
        {
            app,
            Change("add", "Add a domain and show the records to set.", app, (path, host) => (HttpMethod.Post, path, new { host })),
            Change("verify", "Look at a domain's DNS now.", app, (path, host) => (HttpMethod.Post, $"{path}/{Uri.EscapeDataString(host)}/verify", null)),
            Change("remove", "Let a domain go.", app, (path, host) => (HttpMethod.Delete, $"{path}/{Uri.EscapeDataString(host)}", null)),
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var api = new Api();
            var page = await api.SendAsync(HttpMethod.Get, PathOf(parsed.GetRequiredValue(app)), null, cancellation);
            var table = new Table().AddColumns("Domain", "Status", "Next attempt", "Reason");
            foreach (var domain in page.GetProperty("items").EnumerateArray())
                table.AddRow(Text(domain, "unicode"), Text(domain, "status"), Text(domain, "nextAttempt"), Text(domain, "reason"));
            AnsiConsole.Write(table);
            return 0;
        });
        return command;
    }

    private static Command Change(string name, string description, Argument<string> app, Func<string, string, (HttpMethod Method, string Path, object? Body)> request)
    {
        var host = new Argument<string>("host") { Description = "A full name, such as shop.example.com." };
        var command = new Command(name, description) { host };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var api = new Api();
            var (method, path, body) = request(PathOf(parsed.GetRequiredValue(app)), parsed.GetRequiredValue(host));
            var domain = await api.SendAsync(method, path, body, cancellation);
            if (domain.ValueKind == JsonValueKind.Object)
                Show(domain);
            else
                AnsiConsole.WriteLine("Removed. Its certificate and its route are gone; the records in DNS are yours to remove.");
            return 0;
        });
        return command;
    }

    private static void Show(JsonElement domain)
    {
        Console.WriteLine($"{domain.GetProperty("unicode").GetString()}: {domain.GetProperty("status").GetString()}. {domain.GetProperty("reason").GetString()}");
        // No table: its cells break lines, and these are to be copied.
        foreach (var record in domain.GetProperty("records").EnumerateArray())
        {
            Console.WriteLine($"  {record.GetProperty("type").GetString(),-6}{record.GetProperty("name").GetString()}");
            Console.WriteLine($"        {record.GetProperty("value").GetString()}");
            if (record.GetProperty("note").GetString() is { } note)
                Console.WriteLine($"        ({note})");
        }
    }

    private static string PathOf(string app) => $"api/apps/{Uri.EscapeDataString(app)}/domains";

    private static string Text(JsonElement element, string name) => Markup.Escape(element.GetProperty(name).GetString() ?? "");
}
