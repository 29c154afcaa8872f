/* Uses known_pages.c as a library. */
void known_pages(void);

int main(void)
{
	known_pages();
	return 0;
}
