using System.Net;

namespace Boottify.EndToEnd;

public sealed class DeleteTests(Platform platform)
{
    [Fact]
    public async Task Deleting_an_app_leaves_no_trace_of_it_in_any_part_of_the_platform()
    {
        await using var app = await platform.CreateAppAsync(SourceRepository.Sample("node-server"), "Deleted");
        var ended = await app.PushAsync();
        ended.Status.Should().Be("succeeded", ended.Error);
        (await Traces.OfAppAsync(app)).Should().Equal("namespace", "DNS name", "database", "role", "image", "local image", "route");

        await app.DeleteAsync();
        (await Traces.OfAppAsync(app)).Should().BeEmpty();
        using var gone = await platform.Api.GetAsync($"api/apps/{app.Id}", Platform.Deadline());
        (await gone.ReadAsync<Problem>(HttpStatusCode.NotFound)).Detail.Should().NotBeNullOrWhiteSpace();
    }
}
