using System.IO.Pipelines;
using Boottify.Webhooks;
using Microsoft.AspNetCore.Http;

namespace Boottify.Tests.Webhooks;

public sealed class WebhookBodyTests : IDisposable
{
    private const int AtOnce = 4;
    private readonly LargeBodyTurns large = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => large.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(WebhookBody.Small)]
    [InlineData(25 << 20)]
    public async Task A_body_of_up_to_25_MB_is_read_whole(int length)
    {
        var sent = new byte[length];
        Random.Shared.NextBytes(sent);
        (await WebhookBody.ReadAsync(Request(new MemoryStream(sent)), large)).AsSpan().SequenceEqual(sent).Should().BeTrue();
    }

    [Fact]
    public async Task One_that_is_larger_is_refused_and_gives_its_turn_back()
    {
        for (var n = 0; n <= AtOnce; n++)
        {
            await FluentActions.Awaiting(() => WebhookBody.ReadAsync(Request(new MemoryStream(new byte[(25 << 20) + 1])), large))
                .Should().ThrowAsync<BadHttpRequestException>().Where(e => e.StatusCode == StatusCodes.Status413PayloadTooLarge);
        }

        await FluentActions.Awaiting(() => WebhookBody.ReadAsync(Request(new MemoryStream(new byte[WebhookBody.Small + 1])), WebhookBody.Small))
            .Should().ThrowAsync<BadHttpRequestException>().Where(e => e.StatusCode == StatusCodes.Status413PayloadTooLarge);
    }

    [Fact]
    public async Task Strangers_who_send_large_bodies_slowly_take_a_bounded_part_of_the_memory_and_hold_up_no_small_one()
    {
        var slow = Enumerable.Range(0, AtOnce + 3).Select(_ => new Pipe(new PipeOptions(pauseWriterThreshold: 64 * 1024))).ToList();
        var reading = slow.Select(pipe => WebhookBody.ReadAsync(Request(pipe.Reader.AsStream()), large)).ToList();
        var writing = slow.Select(pipe => WriteAsync(pipe.Writer, 3 << 20)).ToList();

        // Those who have a turn are read to the end of what they have sent; the others stand at the border.
        await Patience.UntilAsync(() => Task.FromResult(writing.Count(done => done.IsCompleted) == AtOnce));
        (await WebhookBody.ReadAsync(Request(new MemoryStream(new byte[WebhookBody.Small])), large)).Length.Should().Be(WebhookBody.Small);
        reading.Should().OnlyContain(done => !done.IsCompleted);
        writing.Count(done => done.IsCompleted).Should().Be(AtOnce);

        await Task.WhenAll(slow.Zip(writing, async (pipe, done) =>
        {
            await done;
            await pipe.Writer.CompleteAsync();
        }));
        (await Task.WhenAll(reading)).Should().OnlyContain(body => body.Length == 3 << 20);
    }

    private static HttpRequest Request(Stream body)
    {
        var context = new DefaultHttpContext();
        context.Request.Body = body;
        return context.Request;
    }

    private static async Task WriteAsync(PipeWriter writer, int length)
    {
        for (var sent = 0; sent < length; sent += 32 * 1024)
            await writer.WriteAsync(new byte[32 * 1024], Token);
    }
}
