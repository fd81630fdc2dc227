/* For tests only: wine's powershell.exe does nothing and says that it went well. This one wants to be called as the agent calls
 * PowerShell, and hands the script to cmd. What PowerShell makes of a script is not shown by it. */
#include <stdio.h>
#include <string.h>
#include <windows.h>

static const wchar_t *const WORDS[] = {L"-NoLogo", L"-NoProfile", L"-NonInteractive", L"-ExecutionPolicy", L"Bypass", L"-File"};
enum { COUNT = sizeof WORDS / sizeof *WORDS };

static int refuse(const char *why) {
    fprintf(stderr, "not as PowerShell is called: %s\n", why);
    return 98;
}

/* The script without the mark of UTF-8 in front, under a name that cmd takes. */
static int copy(const wchar_t *from, const wchar_t *to) {
    static char bytes[1 << 17];
    FILE *script = _wfopen(from, L"rb"), *file = NULL;
    size_t size = script ? fread(bytes, 1, sizeof bytes, script) : 0;
    if (script) fclose(script);
    if (size < 3 || size == sizeof bytes || memcmp(bytes, "\xef\xbb\xbf", 3) || !(file = _wfopen(to, L"wb"))) return 0;
    size_t written = fwrite(bytes + 3, 1, size - 3, file);
    return fclose(file) == 0 && written == size - 3;
}

int wmain(int count, wchar_t **words) {
    if (count != COUNT + 2) return refuse("the number of words");
    for (int n = 0; n < COUNT; n += 1)
        if (wcscmp(words[n + 1], WORDS[n])) return refuse("a word");
    const wchar_t *ending = wcsrchr(words[count - 1], L'.');
    if (!ending || wcscmp(ending, L".ps1")) return refuse("the name of the file");

    wchar_t batch[1024], line[1200];
    swprintf(batch, 1024, L"%ls.cmd", words[count - 1]);
    swprintf(line, 1200, L"cmd.exe /d /c \"%ls\"", batch);
    if (!copy(words[count - 1], batch)) return refuse("the file");

    STARTUPINFOW start = {.cb = sizeof start};
    PROCESS_INFORMATION process;
    DWORD code = 99;
    if (CreateProcessW(NULL, line, NULL, NULL, TRUE, 0, NULL, NULL, &start, &process)) {
        WaitForSingleObject(process.hProcess, INFINITE);
        GetExitCodeProcess(process.hProcess, &code);
    }
    DeleteFileW(batch);
    return (int)code;
}
