(** Rule "packing" inside "boxes": where a window of each refuter is orthogonal to an input that is 0 at the known columns, it is
    0, if the windows of the box are full spark. *)

From Coq Require Import List Bool ZArith Reals Lia.
From Proof Require Import Layers Streams Rows Domains Tables Combinations OneLayer.
From Proof.rules Require Import PackingNearby.
From Proof.convolution Require Import Convolutions Windows Geometry Covering FullSpark Boxes Matching WindowPacking.
Import ListNotations.
Open Scope Z_scope.

Lemma NoDup_parts : forall A (l k : list A), NoDup (l ++ k) -> NoDup l /\ NoDup k /\ forall a, In a l -> ~ In a k.
Proof.
  induction l as [|a l IH]; intros k H; [split; [constructor|]; split; [exact H|intros a []]|].
  cbn [app] in H. inversion H as [|? ? N D]; subst. destruct (IH k D) as (A1 & A2 & A3). split; [|split; [exact A2|]].
  - constructor; [|exact A1]. intro I. apply N, in_or_app. left. exact I.
  - intros b [<-|B]; [|apply A3, B]. intro I. apply N, in_or_app. right. exact I.
Qed.

Definition numbered (ws : table placed) (i : Z) (w : placed) : Prop := entry ws i = Some w.

Lemma windows_named_spec : forall ws support used l used', windows_named ws used support = Good (l, used') ->
  Forall2 (fun t w => numbered ws (row_number t) w) support l /\ NoDup (map row_number support) /\
  (forall t, In t support -> member used (row_number t) = false /\ member used' (row_number t) = true) /\
  (forall k, member used k = true -> member used' k = true).
Proof.
  intros ws. induction support as [|t support IH]; intros used l used' H; cbn [windows_named] in H.
  - injection H as <- <-. split; [constructor|]. split; [constructor|]. split; [intros t []|auto].
  - destruct (entry ws (row_number t)) as [w|] eqn:E; [|discriminate]. destruct (member used (row_number t)) eqn:M; [discriminate|].
    destruct (windows_named ws (with_member used (row_number t)) support) as [[rest u]|] eqn:R; [|discriminate]. injection H as <- <-.
    assert (T0 := proj1 (entry_number _ _ _ _ E)). destruct (IH _ _ _ R) as (F & N & B & A). split; [constructor; assumption|].
    assert (A' : forall k, member used k = true -> member u k = true) by (intros k K; apply A, member_with_other; assumption).
    split; [|split; [|exact A']].
    + cbn [map]. constructor; [|exact N]. intro I. apply in_map_iff in I as (s & S & I). destruct (B s I) as [B' _].
      rewrite S, member_with_self in B' by exact T0. discriminate.
    + intros s [<-|S]; [split; [exact M|apply A, member_with_self, T0]|]. destruct (B s S) as [B1 B2]. split; [|exact B2].
      destruct (member used (row_number s)) eqn:U; [|reflexivity]. rewrite (member_with_other _ _ _ T0 U) in B1. discriminate.
Qed.

(** Where the windows of a refuter come from. *)
Definition of_refuter {A : Type} (m : Z) (K : integer_domain) (functions : table integer_row) (ws : table placed)
  (lasts : list placed -> A -> bool) (f : bool * list placed) : Prop :=
  exists pairs shown support, support_of_refuter m K functions pairs = Good support /\
    Forall2 (fun t w => numbered ws (row_number t) w) support (snd f) /\ fst f = lasts (snd f) shown.

Lemma windows_of_refuters_spec : forall A m K functions ws (lasts : list placed -> A -> bool) refuters used found,
  windows_of_refuters m K functions ws lasts refuters used = Good found ->
  (forall f, In f found -> of_refuter m K functions ws lasts f) /\
  exists numbers, Forall2 (numbered ws) numbers (flat_map snd found) /\ NoDup numbers /\
    forall i, In i numbers -> member used i = false.
Proof.
  intros A m K functions ws lasts. induction refuters as [|[pairs shown] rest IH]; intros used found H;
    cbn [windows_of_refuters] in H.
  - injection H as <-. split; [intros f []|]. exists []. split; [constructor|]. split; [constructor|intros i []].
  - destruct (support_of_refuter m K functions pairs) as [support|] eqn:S; [|discriminate].
    destruct (windows_named ws used support) as [[named used']|] eqn:N; [|discriminate].
    destruct (windows_of_refuters m K functions ws lasts rest used') as [others|] eqn:R; [|discriminate]. injection H as <-.
    destruct (windows_named_spec _ _ _ _ _ N) as (F & ND & B & M). destruct (IH _ _ R) as (O & numbers & F' & ND' & B'). split.
    + intros f [<-|I]; [|apply O, I]. exists pairs, shown, support. auto.
    + exists (map row_number support ++ numbers). cbn [flat_map snd]. split; [|split].
      * apply Forall2_app; [|exact F']. clear - F. induction F; constructor; assumption.
      * apply NoDup_app; [exact ND|exact ND'|]. intros i I J. apply in_map_iff in I as (t & <- & I). destruct (B t I) as [_ U].
        rewrite (B' _ J) in U. discriminate.
      * intros i I. apply in_app_iff in I as [I|I].
        -- apply in_map_iff in I as (t & <- & I). apply B, I.
        -- destruct (member used i) eqn:U; [|reflexivity]. rewrite <- (B' i I). symmetry. apply M, U.
Qed.

(** Different numbers, different rows. *)
Lemma rows_differ : forall (l : list placed) numbers found, NoDup (map row_of l) -> NoDup numbers ->
  Forall2 (numbered (with_entries no_entries l)) numbers found -> NoDup (map row_of found).
Proof.
  intros l numbers found L N F. assert (AT : forall i w, numbered (with_entries no_entries l) i w ->
    0 <= i /\ nth_error l (Z.to_nat i) = Some w).
  { intros i w E. assert (B := entry_number _ _ _ _ E). split; [lia|]. apply (entry_nth _ l no_entries) in E; [|cbn; lia].
    replace (i - size no_entries) with i in E by (cbn; lia). exact E. }
  induction F as [|i w numbers found E F IH]; cbn [map]; [constructor|]. inversion N as [|? ? NI N']; subst.
  constructor; [|apply IH, N'].
  intro I. apply in_map_iff in I as (w' & R & I). destruct (Forall2_in_right _ _ _ _ _ F w' I) as (j & J & E').
  apply AT in E as [I0 E], E' as [J0 E']. apply NI. replace i with j; [exact J|]. apply Z2Nat.inj; [exact J0|exact I0|].
  apply (proj1 (NoDup_nth_error (map row_of l)) L).
  - rewrite map_length. apply nth_error_Some. congruence.
  - apply (map_nth_error row_of) in E, E'. congruence.
Qed.

Lemma kept_rows_differ : forall found : list (bool * list placed), NoDup (map row_of (flat_map snd found)) ->
  NoDup (flat_map (map row_of) (map snd (filter fst found))).
Proof.
  induction found as [|[b ws] found IH]; intro H; [constructor|]. cbn [flat_map snd] in H. rewrite map_app in H.
  apply NoDup_parts in H as (H1 & H2 & D). specialize (IH H2). cbn [filter fst]. destruct b; [|exact IH]. cbn [map flat_map snd].
  apply NoDup_app; [exact H1|exact IH|]. intros r R I. apply (D r R). apply in_flat_map in I as (ws' & I & J).
  apply in_map_iff in I as (f & <- & I). apply filter_In in I as [I _]. apply in_map_iff in J as (w & <- & J).
  apply in_map, in_flat_map. exists f. split; assumption.
Qed.

Lemma other_refuter : forall chosen k k' (ws ws' : list placed) w w', NoDup (flat_map (map row_of) chosen) ->
  nth_error chosen k = Some ws -> nth_error chosen k' = Some ws' -> k <> k' -> In w ws -> In w' ws' -> row_of w <> row_of w'.
Proof.
  induction chosen as [|h chosen IH]; intros k k' ws ws' w w' N E E' K W W'; [destruct k; discriminate|].
  cbn [flat_map] in N. apply NoDup_parts in N as (_ & N & D).
  assert (B : forall j us u, nth_error chosen j = Some us -> In u us -> In (row_of u) (flat_map (map row_of) chosen)).
  { intros j us u J U. apply in_flat_map. exists us. split; [apply (nth_error_In _ _ J)|apply in_map, U]. }
  destruct k as [|k], k' as [|k']; cbn [nth_error] in E, E'.
  - contradiction.
  - injection E as ->. intro R. apply (D (row_of w)); [apply in_map, W|]. rewrite R. apply (B k' ws' w' E' W').
  - injection E' as ->. intro R. apply (D (row_of w')); [apply in_map, W'|]. rewrite <- R. apply (B k ws w E W).
  - apply (IH k k' ws ws' w w' N E E' ltac:(congruence) W W').
Qed.

(** A window from each set that a member has for its own. *)
Lemma picked : forall (unknown : list bool) (chosen : list (list placed)) (P : placed -> Prop) members ks,
  Forall2 (lies_in (map (common unknown) chosen)) members ks -> (forall ws, In ws chosen -> exists w, In w ws /\ P w) ->
  exists ps, Forall2 (fun c w => exists ws, In ws chosen /\ In w ws /\ In c (common unknown ws) /\ P w) members ps /\
    Forall2 (fun k w => exists ws, nth_error chosen k = Some ws /\ In w ws) ks ps.
Proof.
  intros unknown chosen P members ks F H. induction F as [|c k members ks (set & E & I) _ (ps & F1 & F2)].
  - exists []. split; constructor.
  - rewrite nth_error_map in E. destruct (nth_error chosen k) as [ws|] eqn:K; [|discriminate]. injection E as <-.
    assert (W := nth_error_In _ _ K). destruct (H ws W) as (w & WI & PW). exists (w :: ps). split; constructor; try assumption.
    + exists ws. auto.
    + exists ws. auto.
Qed.

Lemma picked_differ : forall (chosen : list (list placed)) ks ps, NoDup (flat_map (map row_of) chosen) -> NoDup ks ->
  Forall2 (fun k w => exists ws, nth_error chosen k = Some ws /\ In w ws) ks ps -> NoDup (map row_of ps).
Proof.
  intros chosen ks ps N K F. induction F as [|k w ks ps (ws & E & I) F IH]; cbn [map]; [constructor|].
  inversion K as [|? ? KI K']; subst. constructor; [|apply IH, K']. intro B. apply in_map_iff in B as (w' & R & B).
  destruct (Forall2_in_right _ _ _ _ _ F w' B) as (k' & J & ws' & E' & I').
  apply (other_refuter chosen k k' ws ws' w w' N E E'); auto. intros ->. contradiction.
Qed.

Lemma one_axis_spec : forall dimension starts, (forall s, In s starts -> length s = dimension) ->
  one_axis dimension starts = true -> along_one_axis starts.
Proof.
  intros dimension [|s rest] L H; [exists O; intros s t []|]. cbn [one_axis] in H.
  set (f := fun l => negb (forallb (fun t => nth l t 0 =? nth l s 0) rest)) in H.
  assert (G : exists k, forall l, In l (filter f (seq 0 dimension)) -> l = k).
  { destruct (filter f (seq 0 dimension)) as [|k [|k' l]]; [exists O; intros l []|
    exists k; intros l [<-|[]]; reflexivity|discriminate]. }
  destruct G as (k & G). exists k.
  assert (E : forall t, In t (s :: rest) -> forall l, l <> k -> nth l t 0 = nth l s 0).
  { intros t T l N. destruct (Nat.lt_ge_cases l dimension) as [B|B]; [|rewrite !nth_overflow; rewrite ?L; auto; left; reflexivity].
    destruct T as [<-|T]; [reflexivity|]. destruct (f l) eqn:F.
    - exfalso. apply N, G, filter_In. split; [apply in_seq; lia|exact F].
    - apply negb_false_iff in F. rewrite forallb_forall in F. apply Z.eqb_eq, F, T. }
  intros t u T U l N. rewrite (E t T l N), (E u U l N). reflexivity.
Qed.

Lemma nth_both : forall a b k, nth k (both a b) false = nth k a false && nth k b false.
Proof.
  induction a as [|p a IH]; intros [|q b] [|k]; cbn [both nth]; try reflexivity; rewrite ?andb_false_r; try reflexivity. apply IH.
Qed.

Lemma common_read : forall unknown ws c w, In c (common unknown ws) -> In w ws -> nth (Z.to_nat c) (marks w) false = true.
Proof.
  intros unknown ws c w C W. apply numbers_of_nth in C as [_ C]. rewrite Z.sub_0_r in C.
  induction ws as [|u ws IH]; [destruct W|]. cbn [fold_right] in C. rewrite nth_both in C. apply andb_prop in C as [C1 C2].
  destruct W as [<-|W]; [exact C1|apply IH; assumption].
Qed.

Lemma marked_read : forall cols reads k c, nth k (marks_of cols reads) false = true -> nth_error cols k = Some c -> In (Some c) reads.
Proof.
  intros cols reads k c M E. unfold marks_of in M. apply (map_nth_error (fun c => existsb (stands_at c) reads)) in E.
  apply nth_error_nth with (d := false) in E. rewrite E in M. apply existsb_exists in M as ([d|] & I & S); [|discriminate].
  cbn [stands_at] in S. apply same_column_spec in S. congruence.
Qed.

Section Core.

Variable C : convolution.
Variable a : nat.
Variable box : list Z.
Variable choice : list slot.
Hypothesis axes_fit : length (axes C) = length box.
Hypothesis choice_fits : length choice = length box.
Variable found : list (bool * list placed).
Hypothesis all_placed : forall f w, In f found -> In w (snd f) -> In w (placed_windows C a box choice).
Hypothesis different : NoDup (map row_of (flat_map snd found)).
Hypothesis one : one_axis (length choice) (map begins (flat_map snd found)) = true.

Let cols := box_columns C a box.
Let unknown := map (fun c => negb (known choice box (snd c))) cols.
Let chosen := map snd (filter fst found).

Variable owner : owners.
Hypothesis owned : all_owned (with_entries no_entries (map (fun f => common unknown (snd f)) (filter fst found))) owner 0
  (numbers_of 0 unknown) = true.

Lemma start_length : forall w, In w (placed_windows C a box choice) -> length (begins w) = length box.
Proof.
  intros w W. apply placed_in in W as [_ [_ W]]. apply choices_length in W. rewrite map_length in W. cbn in W. congruence.
Qed.

Theorem determined : forall L v, windows_full_spark C L a box choice ->
  (forall f, In f found -> fst f = true -> exists w, In w (snd f) /\ window_sum C L Zeros box v a (channel w) (begins w) = 0%R) ->
  (forall c, In c cols -> known choice box (snd c) = true -> at_column v c = 0%R) ->
  forall c, In c cols -> at_column v c = 0%R.
Proof.
  intros L v FS O KN c CI. destruct (known choice box (snd c)) eqn:KC; [apply KN; assumption|].
  assert (HC : forall ws, In ws chosen -> exists f, In f found /\ fst f = true /\ snd f = ws).
  { intros ws I. apply in_map_iff in I as (f & <- & I). apply filter_In in I as [I T]. exists f. auto. }
  replace (map (fun f => common unknown (snd f)) (filter fst found)) with (map (common unknown) chosen) in owned
    by (unfold chosen; rewrite map_map; reflexivity).
  destruct (all_owned_spec _ _ _ _ owned) as (ks & F & NK & _).
  destruct (picked unknown chosen (fun w => window_sum C L Zeros box v a (channel w) (begins w) = 0%R) _ _ F) as (ps & P1 & P2).
  { intros ws I. destruct (HC ws I) as (f & I' & T & <-). apply O; assumption. }
  assert (PI : forall w, In w ps -> In w (flat_map snd found) /\ In w (placed_windows C a box choice) /\
    window_sum C L Zeros box v a (channel w) (begins w) = 0%R).
  { intros w W. destruct (Forall2_in_right _ _ _ _ _ P1 w W) as (k & _ & ws & I & J & _ & Z0).
    destruct (HC ws I) as (f & I' & _ & <-).
    split; [apply in_flat_map; exists f; auto|]. split; [apply (all_placed f w I' J)|exact Z0]. }
  assert (G : forall u, In u (unknown_columns C a box choice) -> at_column v u = 0%R).
  2: { apply G. apply filter_In. split; [exact CI|]. rewrite KC. reflexivity. }
  apply (FS (map row_of ps) v).
  - apply (picked_differ chosen ks ps (kept_rows_differ found different) NK P2).
  - intros r R. apply in_map_iff in R as (w & <- & W). apply placed_in with (a := a) (box := box), PI, W.
  - assert (NF := numbers_of_filter _ (fun c => negb (known choice box (snd c))) cols 0). fold unknown in NF.
    fold (unknown_columns C a box choice) in NF. unfold cols in NF. fold (unknown_columns C a box choice) in NF.
    revert NF P1 PI. clear - axes_fit choice_fits. generalize (numbers_of 0 unknown) as ms, (unknown_columns C a box choice) as us.
    intros ms us NF. revert ps. induction NF as [|k u ms us (K0 & E) _ IH]; intros ps P1 PI;
      inversion P1 as [|? w ? ps' (ws & _ & J & I & _) P1']; subst;
      [constructor|]. cbn [map]. constructor; [|apply IH; [exact P1'|intros w' W'; apply PI; right; exact W']].
    destruct (PI w (or_introl eq_refl)) as (_ & PW & _). assert (ML := common_read _ _ _ _ I J).
    assert (SL := start_length w PW). apply placed_in in PW as [PE _]. rewrite Z.sub_0_r in E.
    assert (MM : marks w = marks_of (box_columns C a box) (reading w)) by (rewrite PE; reflexivity). rewrite MM in ML.
    assert (R := marked_read _ _ _ _ ML E). rewrite PE in R. cbn [reading place_window] in R.
    apply (reading_spec C a box (begins w) u axes_fit SL R).
  - rewrite map_map. cbn. apply (one_axis_spec (length choice)) in one.
    + destruct one as (k & K). exists k. intros s t S T. apply K; apply in_map_iff.
      * apply in_map_iff in S as (w & <- & W). exists w. split; [reflexivity|apply PI, W].
      * apply in_map_iff in T as (w & <- & W). exists w. split; [reflexivity|apply PI, W].
    + intros s S. apply in_map_iff in S as (w & <- & W). apply in_flat_map in W as (f & I & J).
      rewrite choice_fits. apply start_length, (all_placed f w I J).
  - exact KN.
  - intros r R. apply in_map_iff in R as (w & <- & W). apply (PI w W).
Qed.

End Core.
