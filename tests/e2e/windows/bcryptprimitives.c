/* For tests only: wine 8 lacks this library, which programs of Rust ask for random bytes. Windows 10 has it. */
#include <windows.h>

BOOLEAN NTAPI SystemFunction036(PVOID bytes, ULONG count);

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE bytes, SIZE_T count) {
    const ULONG most = 1u << 20;
    for (SIZE_T done = 0; done < count;) {
        ULONG now = count - done > most ? most : (ULONG)(count - done);
        if (!SystemFunction036(bytes + done, now)) return FALSE;
        done += now;
    }
    return TRUE;
}
